// Lacks gw.encode/1.
#define TEST_ENCODE nullptr
#include "channel_template.h"
