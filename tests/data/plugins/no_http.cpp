// Has no HTTP routes at all.
#define TEST_ID "socket-only"
#define TEST_HTTP nullptr
#include "channel_template.h"
