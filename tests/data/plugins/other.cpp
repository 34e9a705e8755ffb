// A second good channel.
#define TEST_ID "other"
#include "channel_template.h"
