/* The public headers are C11, with every warning on; and so is a whole plugin's note. */
#include "abi_layout.h"

GW_PLUGIN_NOTE("layout", "1.0.0", 0);
