#include "gw/plugin.hpp"

#include "sse_channel.h"

GW_PLUGIN(gw::sse::SseChannel);
