// A second good channel, with every optional extension.
#define TEST_ID "other"
#define TEST_HEALTH
#include "channel_template.h"
