// Its id is none.
#define TEST_ID "Not An Id"
#include "channel_template.h"
