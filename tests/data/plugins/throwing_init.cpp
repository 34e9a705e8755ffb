// Throws out of init.
#define TEST_INIT throw std::runtime_error("init went wrong");
#include "channel_template.h"
