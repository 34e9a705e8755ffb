// Its note and its descriptor disagree.
#define TEST_NOTE_ID "somebody-else"
#include "channel_template.h"
