// Lacks gw.stream/1.
#define TEST_STREAM nullptr
#include "channel_template.h"
