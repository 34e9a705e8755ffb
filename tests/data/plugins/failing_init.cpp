// Fails in init.
#define TEST_INIT         \
  say(err, "no licence"); \
  return GW_E_INTERNAL;
#include "channel_template.h"
