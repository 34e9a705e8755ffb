// Returns null, with a reason.
#define TEST_ENTRY                \
  say(err, "needs a newer host"); \
  return nullptr;
#include "channel_template.h"
