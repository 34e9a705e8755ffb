// Carries no note.
#define TEST_NO_NOTE
#include "channel_template.h"
