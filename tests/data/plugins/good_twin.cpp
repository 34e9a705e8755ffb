// Serves the same channel as good.
#include "channel_template.h"
