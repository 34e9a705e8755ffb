// Was built for an ABI that does not exist yet.
#define TEST_NOTE_ABI 99
#include "channel_template.h"
