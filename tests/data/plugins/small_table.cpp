// Was built with a shorter gw_plugin.
#define TEST_STRUCT_SIZE 8
#include "channel_template.h"
