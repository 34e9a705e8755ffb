#include "gw/plugin.hpp"

#include "gopher_channel.h"

GW_PLUGIN(gopher::GopherChannel);
