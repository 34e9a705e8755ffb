#include "gw/plugin.hpp"

#include "telnet_channel.h"

GW_PLUGIN(gw::telnet::TelnetChannel);
