// Linked with an executable stack.
#include "channel_template.h"
