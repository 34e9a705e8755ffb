// Has no instance operations.
#define TEST_OPS nullptr
#include "channel_template.h"
