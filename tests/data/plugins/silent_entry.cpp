// Returns null, without a reason.
#define TEST_ENTRY return nullptr;
#include "channel_template.h"
