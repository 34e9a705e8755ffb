/* gw.work/1: work that blocks (a file, a name to look up, a long computation) on a thread of the host's, for one
 * connection.
 *
 * Optional on both sides. The host offers gw_host_work through gw_host.get_extension(GW_EXT_WORK); a plugin that
 * uses it offers gw_work_ext under the same id through gw_plugin.get_extension: that is where answers arrive.
 *
 * A job is a function of the library and bytes, nothing else: it runs [work], at the same time as everything else
 * of the plugin, and outlives calls, the connection and its instance. So it gets a copy of its input, writes a copy
 * of its result, and touches no connection, no instance and nothing that is not immutable or atomic. Its library
 * stays loaded until it returns.
 *
 * Each job that start() took is answered exactly once, in a turn of the connection's loop:
 *
 *     start -> RETURNED | OVERDUE | FAILED
 *
 * The answer follows the connection: to another loop, and to another generation, which gets it under the old token.
 * So tokens are part of the state schema (gw/migrate.h); so is the form of the result. Once the connection says
 * goodbye (close_begin) or has ended, nobody is answered. Answers come in the order in which jobs end.
 *
 * The deadline counts from start(). When it has passed, the connection hears OVERDUE, whatever the job does
 * then. A job that still runs is *stuck*: it holds its thread and its generation until it returns, so it counts
 * against its account. A job cannot be ended from outside: ask is_unwanted() between steps, and give what you wait
 * for a limit of its own.
 */
#ifndef GW_WORK_H
#define GW_WORK_H

#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_WORK "gw.work/1"

enum {
  GW_WORK_MAX_INPUT = 65536,  /* bytes */
  GW_WORK_MAX_RESULT = 65536, /* bytes */
  GW_WORK_MAX_DEADLINE_MS = 60000
};

/* A job's side. The host's, valid until the job returns. */
typedef struct gw_work_call {
  uint32_t struct_size;
  void* ctx;        /* for the functions below */
  gw_slice input_h; /* what start() was given */
  /* [work] Appends to the result. GW_E_LIMIT: beyond GW_WORK_MAX_RESULT; nothing of that call is kept. */
  gw_status (*write)(void* ctx, gw_slice bytes_p);
  /* [work] 1: nobody waits for the result any more (overdue, closed, the host stops). Return soon. */
  uint32_t (*is_unwanted)(void* ctx);
} gw_work_call;

/* [work] The job. Static code of the library. May block; may call the host's [any] functions with static or own
 * arguments (log with inst NULL); nothing else of the host. Its status and what it wrote reach answered(). */
typedef gw_status (*gw_work_fn)(const gw_work_call* call_h);

typedef struct gw_work_order {
  uint32_t struct_size;
  uint64_t token;       /* the plugin's own; comes back with the answer */
  uint64_t deadline_ms; /* 1..GW_WORK_MAX_DEADLINE_MS, from now */
  gw_work_fn run;
  gw_slice input_p; /* at most GW_WORK_MAX_INPUT bytes; copied, never logged, overwritten afterwards */
} gw_work_order;

typedef struct gw_host_work {
  uint32_t struct_size;
  /* [loop] Queues a job, from a callback of the same connection; never before this returns is it answered.
   * GW_OK: the answer follows. GW_E_AGAIN: the connection has as many unanswered jobs as it may have; try again
   * at the next answer. GW_E_LIMIT: the account or the host has, or the account's threads are stuck; nothing
   * will tell when that changes, so tell the client to come again. GW_E_INVALID: no function, too much input, or a
   * deadline out of range. GW_E_UNSUPPORTED: the plugin offers no gw_work_ext. GW_E_STATE: closed, saying goodbye, or
   * not committed yet (gw/migrate.h). */
  gw_status (*start)(gw_host_conn* conn, const gw_work_order* order_p);
} gw_host_work;

/* answered() outcomes. Unknown: as FAILED. */
enum {
  GW_WORK_RETURNED = 1, /* status and result_h are the job's */
  GW_WORK_OVERDUE = 2,  /* the deadline passed first; status is GW_E_LIMIT, result_h empty */
  GW_WORK_FAILED = 3    /* it ended otherwise (an exception left it); status is GW_E_INTERNAL, result_h empty */
};

typedef struct gw_work_answer {
  uint32_t struct_size;
  uint32_t outcome; /* GW_WORK_* */
  uint64_t token;
  gw_status status;
  gw_slice result_h;
} gw_work_answer;

typedef struct gw_work_ext {
  uint32_t struct_size;
  /* [loop] Between open and close_begin, in the order of the connection's other callbacks. */
  void (*answered)(gw_conn* conn, const gw_work_answer* answer_h);
} gw_work_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_WORK_H */
