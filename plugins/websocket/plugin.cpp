#include "gw/plugin.hpp"

#include "websocket_channel.h"

GW_PLUGIN(gw::websocket::WebSocketChannel);
