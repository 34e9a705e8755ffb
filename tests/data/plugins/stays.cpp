// Asks never to be unloaded.
#define TEST_ID "stays"
#define TEST_UNLOAD GW_UNLOAD_NEVER
#include "channel_template.h"
