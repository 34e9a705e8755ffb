/* gw.migrate/1: moving live connections to another generation of the same plugin. [loop] unless
 * tagged. A host that loads this SDK version declares it and does not call it yet.
 */
#ifndef GW_MIGRATE_H
#define GW_MIGRATE_H

#include "gw/stream.h"
#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_MIGRATE "gw.migrate/1"

enum { GW_QUIESCE_READY = 0, GW_QUIESCE_NOT_YET = 1, GW_QUIESCE_NEVER = 2 };

typedef struct gw_state_schema {
  uint32_t struct_size;
  gw_slice id;              /* static storage */
  uint32_t version;         /* what export writes by default */
  uint32_t min_import;      /* oldest version that import reads */
  uint32_t max_export_down; /* oldest version that export can write */
} gw_state_schema;

typedef struct gw_bytes_sink {
  void* ctx;
  gw_status (*write)(void* ctx, gw_slice bytes_p);
} gw_bytes_sink;

typedef struct gw_migrate_ext {
  uint32_t struct_size;
  gw_status (*schema)(gw_state_schema* schema_out); /* [any] */
  /* May the connection move now? READY: it is frozen until resume or export. */
  int32_t (*quiesce)(gw_conn* conn);
  void (*resume)(gw_conn* conn);
  /* Const and deterministic. */
  gw_status (*export_state)(const gw_conn* conn, uint32_t target_version, gw_bytes_sink* sink, gw_err* err);
  /* Treat the bytes as hostile. Sends are buffered by the host until commit. Must call set_class. */
  gw_status (*import_state)(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info_h, uint32_t version,
                            gw_slice bytes_h, uint64_t now_ns, gw_err* err, gw_conn** conn_out);
  void (*commit)(gw_conn* conn);
  void (*released)(gw_conn* conn); /* frees the old side, without close effects */
} gw_migrate_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_MIGRATE_H */
