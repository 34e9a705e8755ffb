// Thread-local data of the initial-exec model.
#include "channel_template.h"
__attribute__((tls_model("initial-exec"))) static thread_local volatile int here = 1;
int nextHere() { return ++*const_cast<int*>(&here); }
