/* gw.migrate/1: moving live connections to another generation of the same plugin, without the peer
 * noticing. [loop] unless tagged.
 *
 * One connection moves within one turn of its loop; nothing else of it is called in between:
 *
 *     old: quiesce -> READY
 *     old: export_state(version)              bytes, kept in memory only
 *     new: import_state(bytes) -> the shadow  what it asks of the host is kept back
 *     the host swaps the pointer and lets go what it kept back
 *     new: commit                             from here on it is the connection
 *     old: released                           freed; no closed()
 *
 * Whatever fails before the swap, the peer never knows: the shadow, if there is one, gets released, the old
 * side gets resume and goes on. `NOT_YET` is asked again in later turns; a connection that stays behind
 * stays until it closes.
 *
 * Only a stream that is open is asked: after eof, close_begin or a close of the plugin's own it stays.
 * An answer that is pending at the swap (hello, submit, frame, sign_in) reaches the new side.
 *
 * The host carries itself, and no plugin exports: the socket and TLS; input that was not consumed (it is
 * offered again after commit); queued output; read_pause; a writable() that is owed; the timers with what is
 * left of them; events that wait for a class; the current prompt; budgets; session, identity and cursors;
 * metrics. So timer ids and answer tokens are part of the state schema: they keep their meaning.
 * The class alone is cleared: its key means something only within one generation.
 *
 * A schema is an id and a version. Between two generations with the same id the host uses
 * gw_state_common(old, new). An older version is written on a rollback, if the plugin can.
 */
#ifndef GW_MIGRATE_H
#define GW_MIGRATE_H

#include "gw/stream.h"
#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_MIGRATE "gw.migrate/1"

/* quiesce() results. Unknown: NEVER. */
enum {
  GW_QUIESCE_READY = 0,   /* frozen: export_state, then released or resume are the next calls */
  GW_QUIESCE_NOT_YET = 1, /* nothing changed; ask again in a later turn */
  GW_QUIESCE_NEVER = 2    /* nothing changed; do not ask this connection again for this reload */
};

typedef struct gw_state_schema {
  uint32_t struct_size;
  gw_slice id;              /* generations with different ids exchange nothing */
  uint32_t version;         /* what export_state writes by default; from 1 */
  uint32_t min_import;      /* oldest version that import_state reads; 1..version */
  uint32_t max_export_down; /* oldest version that export_state can write; 1..version */
} gw_state_schema;

/* The version that `from` writes and `to` reads; 0: there is none, and connections stay where they are. Ids are
 * the caller's to compare. */
static inline uint32_t gw_state_common(const gw_state_schema* from, const gw_state_schema* to) {
  const uint32_t version = from->version < to->version ? from->version : to->version;
  return version >= from->max_export_down && version >= to->min_import ? version : 0;
}

/* The host's, valid during the call. write: GW_E_LIMIT beyond the exporting plugin's max_state_bytes
 * (gw_descriptor); nothing of that call is kept, and the export has failed. */
typedef struct gw_bytes_sink {
  void* ctx;
  gw_status (*write)(void* ctx, gw_slice bytes_p);
} gw_bytes_sink;

typedef struct gw_migrate_ext {
  uint32_t struct_size;
  /* [any] Pure. Static storage. */
  const gw_state_schema* (*schema)(void);

  /* May the connection move now? Returns a GW_QUIESCE_*; err says why not, for the operator. READY may send:
   * a stream that compresses ends its compressed part here, so that no window has to travel. */
  int32_t (*quiesce)(gw_conn* conn, gw_err* err);

  /* After READY, instead of released: the move is off. The connection is as it was before quiesce (what
   * quiesce has ended it starts again). */
  void (*resume)(gw_conn* conn);

  /* Between READY and what follows it. Const: calls nothing of the host and changes nothing. Deterministic:
   * equal states give equal bytes. May hold what a client typed, secrets too: the host keeps the bytes in
   * memory, never in a log or a file, and overwrites them after the move.
   * Fails: GW_E_UNSUPPORTED: not that version. GW_E_LIMIT: more than max_state_bytes. The host resumes. */
  gw_status (*export_state)(const gw_conn* conn, uint32_t target_version, gw_bytes_sink* sink, gw_err* err);

  /* A connection from bytes. They are hostile: every length, number and combination is checked before it is
   * used, and err names the field that is wrong. At most the importing plugin's max_state_bytes; the host
   * refuses more itself. info_h: as open got it; is_bound too, whatever has happened since. now_ns: of the
   * same clock that the old side read.
   * Until commit the host keeps back what is asked of it: send, send_buf, read_pause, read_resume, timer_set and
   * timer_cancel (on top of the timers that are carried) and set_class. Everything else is refused with
   * GW_E_STATE, and close makes the import fail.
   * Must call set_class if the old side had; otherwise the import counts as failed. Should send nothing.
   * Fails (any negative): nothing of it is left, *conn_out is not written. */
  gw_status (*import_state)(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info_h, uint32_t version,
                            gw_slice bytes_h, uint64_t now_ns, gw_err* err, gw_conn** conn_out);

  /* The shadow is the connection now; all host functions may be called. */
  void (*commit)(gw_conn* conn);

  /* The last call of an old side that has moved and of a shadow that was given up. Frees conn. Nothing
   * closes: no host function may be called, no metric of ended connections counted. */
  void (*released)(gw_conn* conn);
} gw_migrate_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_MIGRATE_H */
