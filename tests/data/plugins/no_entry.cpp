// Exports nothing.
#define TEST_NO_ENTRY
#include "channel_template.h"
