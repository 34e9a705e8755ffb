// Nothing wrong with it.
#include "channel_template.h"
