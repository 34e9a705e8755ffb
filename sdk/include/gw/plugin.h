/* The entry of a channel plugin, its descriptor and the life of its instances.
 *
 * A plugin library exports one symbol, `gw_plugin_entry`, and carries an ELF note (gw/note.h) that
 * the host reads before it loads the file. An *instance* is a channel account: one configured run of
 * the channel, such as `telnet:default`.
 */
#ifndef GW_PLUGIN_H
#define GW_PLUGIN_H

#include "gw/host.h"
#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_STATE_BYTES_DEFAULT 65536u

/* Unknown: GW_UNLOAD_NEVER. */
enum { GW_UNLOAD_SAFE = 0, GW_UNLOAD_NEVER = 1 };

/* Static storage, like all that a gw_plugin points to. */
typedef struct gw_descriptor {
  uint32_t struct_size;
  gw_slice id; /* the channel: "telnet"; ^[a-z][a-z0-9-]{0,31}$ */
  gw_slice name;
  gw_slice vendor;
  gw_slice version;
  gw_slice license;
  uint32_t unload_policy;
  uint32_t max_state_bytes; /* the largest gw.migrate export; 0: GW_STATE_BYTES_DEFAULT */
} gw_descriptor;

/* reconfigure() results. Unknown: REJECTED. */
enum { GW_RECONF_APPLIED = 0, GW_RECONF_NEEDS_RECREATE = 1, GW_RECONF_REJECTED = 2 };

typedef struct gw_instance_ops {
  uint32_t struct_size;
  /* [control] Pure. options_h: the account's `options` object as JSON text. */
  gw_status (*validate_config)(gw_slice options_h, gw_err* err);
  /* [control] No I/O. Metrics are defined here. Data that [loop] or [encode] calls read must be
   * immutable or atomic. */
  gw_status (*create)(gw_host_inst* host_inst, gw_slice options_h, gw_err* err, gw_inst** inst_out);
  /* [control] Connections may come from now on. */
  gw_status (*start)(gw_inst* inst, gw_err* err);
  /* [control] Other options for a running account, while its connections are called on loops. APPLIED: in force.
   * NEEDS_RECREATE: another instance is made with them, and the connections move to it. REJECTED: err says why. The
   * instance goes on as it was in both. */
  int32_t (*reconfigure)(gw_inst* inst, gw_slice options_h, gw_err* err);
  /* [control] No new connections; the present ones get close_begin from the host. */
  void (*drain)(gw_inst* inst, uint64_t deadline_ms);
  /* [control] No connection comes any more; some may still be there. */
  void (*stop)(gw_inst* inst);
  /* [control] Stopped, and no connection left. Frees inst. */
  void (*destroy)(gw_inst* inst);
} gw_instance_ops;

typedef struct gw_plugin {
  uint32_t struct_size;
  const gw_descriptor* descriptor;
  /* [control] Once after loading, before any instance. */
  gw_status (*init)(const gw_host* host, uint64_t now_ns, gw_err* err);
  /* [control] No instances left; the library is unloaded next. */
  void (*deinit)(void);
  const gw_instance_ops* instance;
  /* [any] Pure. The table of a GW_EXT_* id, or NULL. */
  const void* (*get_extension)(gw_slice id);
} gw_plugin;

/* [control] The one exported symbol. Chooses an ABI version in [host_min, host_max]; NULL with err
 * set if none fits. The result is static storage of the library. */
typedef const gw_plugin* (*gw_plugin_entry_fn)(uint32_t host_min_abi, uint32_t host_max_abi, uint32_t* chosen_abi_out,
                                               gw_err* err);
#define GW_PLUGIN_ENTRY_SYMBOL "gw_plugin_entry"

#ifdef __cplusplus
}
#endif
#endif /* GW_PLUGIN_H */
