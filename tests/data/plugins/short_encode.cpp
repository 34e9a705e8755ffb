// Its encode table is from an older SDK.
#include "gw/encode.h"
static const gw_encode_ext shortTable = {4, nullptr, nullptr, nullptr};
#define TEST_ENCODE &shortTable
#include "channel_template.h"
