// Throws out of its entry.
#define TEST_ENTRY throw std::runtime_error("entry went wrong");
#include "channel_template.h"
