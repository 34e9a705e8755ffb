#include "gw/plugin.hpp"

#include "my_channel.h"

GW_PLUGIN(MyChannel);
