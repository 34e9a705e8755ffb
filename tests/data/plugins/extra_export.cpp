// Exports a second function.
#include "channel_template.h"
extern "C" __attribute__((visibility("default"))) int somebody_elses_business() { return 1; }
