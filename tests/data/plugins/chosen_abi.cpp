// Chooses an ABI that was not offered.
#define TEST_ENTRY \
  *chosen = 7;     \
  return &thePlugin;
#include "channel_template.h"
