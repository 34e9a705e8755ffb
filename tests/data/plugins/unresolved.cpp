// Needs a function that nobody has.
#include "channel_template.h"
extern "C" int nobody_has_this();
int callIt() { return nobody_has_this(); }
