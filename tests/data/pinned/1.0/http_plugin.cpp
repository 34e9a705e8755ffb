#include "gw/plugin.hpp"
#include "http_channel.h"

GW_PLUGIN(HttpChannel);
