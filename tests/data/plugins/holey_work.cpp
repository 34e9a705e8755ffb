// Offers gw.work/1 without its function.
#include "gw/work.h"
static const gw_work_ext holey = {sizeof(gw_work_ext), nullptr};
#define TEST_WORK &holey
#include "channel_template.h"
