/* A plugin that is never loaded: what is wrong with it is seen in the file. One macro names the defect. */
#include "gw/plugin.h"

#include "gw/note.h"

#ifndef NO_NOTE
GW_PLUGIN_NOTE("refused", "1.0.0", 0);
#endif

#ifdef STATIC_TLS
__thread int per_thread;
#endif
#ifdef TEXT_RELOCATION
__asm__(".text\n.globl away\naway: .quad away\n");
#endif
#ifdef UNRESOLVED
void nobody_has_this(void);
#endif

#ifdef NO_ENTRY
#define gw_plugin_entry another_entry
#endif
__attribute__((visibility("default"))) const gw_plugin* gw_plugin_entry(uint32_t host_min_abi, uint32_t host_max_abi,
                                                                        uint32_t* chosen_abi_out, gw_err* err) {
  (void)host_min_abi;
  (void)host_max_abi;
  (void)err;
#ifdef STATIC_TLS
  *chosen_abi_out = (uint32_t)per_thread;
#else
  *chosen_abi_out = 0;
#endif
#ifdef UNRESOLVED
  nobody_has_this();
#endif
  return NULL;
}
