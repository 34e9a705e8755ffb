// Linked so that it cannot be unloaded.
#include "channel_template.h"
