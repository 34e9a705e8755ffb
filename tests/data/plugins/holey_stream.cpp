// Its stream table lacks functions.
#include "gw/stream.h"
static const gw_stream_ext holey = {
    sizeof(gw_stream_ext), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
#define TEST_STREAM &holey
#include "channel_template.h"
