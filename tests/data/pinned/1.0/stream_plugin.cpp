#include "gw/plugin.hpp"
#include "stream_channel.h"

GW_PLUGIN(StreamChannel);
