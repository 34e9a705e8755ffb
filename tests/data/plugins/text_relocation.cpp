// Code that the loader must patch.
#include "channel_template.h"
asm(".pushsection .text\n.globl patched_code\n.hidden patched_code\npatched_code:\n.quad "
    "gw_plugin_entry\n.popsection\n");
