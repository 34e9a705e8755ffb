// Offers gw.login/1 without its function.
#include "gw/login.h"
static const gw_login_ext holey = {sizeof(gw_login_ext), nullptr};
#define TEST_LOGIN &holey
#include "channel_template.h"
