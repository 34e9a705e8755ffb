/* Gatehouse channel SDK: the basic types every other header uses. C11, no allocation crosses.
 *
 * Conventions, valid for the whole SDK
 *  - Thread tags:  [control] one serial management context; [loop] serial per connection, different
 *    connections run concurrently; [encode] any loop, concurrently; [work] a thread that may block, concurrently
 *    (gw/work.h); [any] thread-safe.
 *  - Ownership in names: `_h` is the host's and valid during the call only; `_p` is the plugin's and
 *    copied by the host before it returns; `gw_buf*` is refcounted by the host and immutable.
 *  - Outputs are written only on success (GW_OK).
 *  - Text is UTF-8, never NUL-terminated unless a comment says so. Durations end in `_ms`.
 *  - Host functions never call back into the plugin; results arrive in a later turn.
 *
 * The ABI is frozen at 1.0. Older plugins run in newer hosts, and newer ones in older hosts, because
 *  - function tables never change: what is new has a new extension id ("gw.stream/2"), and both sides ask for it;
 *  - structs with a struct_size grow at their end. Whoever reads one reads no further than its writer wrote, and
 *    takes what is missing for 0 (gw_as_written below, gw::sdk::asWritten in C++). Others never change;
 *  - enums grow. A plugin treats a value it does not know as the enum's comment says; a host refuses one with
 *    GW_E_UNSUPPORTED, so a plugin may try what is newer than its host.
 */
#ifndef GW_TYPES_H
#define GW_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GW_ABI_VERSION 1u /* the major one; the SDK's version says what else it knows */
#define GW_SDK_VERSION "1.1.0"

typedef int32_t gw_status;
enum {
  GW_OK = 0,
  GW_E_AGAIN = -1,   /* not now; the function says when to try again */
  GW_E_INVALID = -2, /* an argument or a configuration value is wrong */
  GW_E_NOMEM = -3,
  GW_E_PROTO = -4,       /* the peer broke the protocol */
  GW_E_UNSUPPORTED = -5, /* this side does not know that kind, mode, flag or version */
  GW_E_STATE = -6,       /* not allowed in this state, or the connection is closed */
  GW_E_LIMIT = -7,       /* a bound was reached */
  GW_E_INTERNAL = -8
};

/* Text or bytes. `len` 0 means empty, whatever `ptr` is. */
typedef struct gw_slice {
  const char* ptr;
  size_t len;
} gw_slice;

/* Where a failing call writes one sentence for a human. Owned by the host. */
typedef struct gw_err {
  char text[512]; /* NUL-terminated */
} gw_err;

/* Reads a struct that begins with its struct_size as its writer wrote it: `ours` gets what there is, and 0 for
 * what an older writer had not. ours_size: sizeof of the reader's own struct. */
static inline void gw_as_written(void* ours, size_t ours_size, const void* theirs) {
  uint32_t written = 0;
  memcpy(&written, theirs, sizeof written);
  memset(ours, 0, ours_size);
  memcpy(ours, theirs, written < ours_size ? written : ours_size);
}

/* Opaque host objects. */
typedef struct gw_host_inst gw_host_inst; /* a channel account */
typedef struct gw_host_conn gw_host_conn; /* a live stream of a client */
typedef struct gw_host_req gw_host_req;   /* an HTTP request under way */
typedef struct gw_buf gw_buf;             /* immutable, refcounted bytes */
typedef struct gw_builder gw_builder;     /* an encode call's output */

/* Opaque plugin objects; the plugin defines these structs (or casts its own pointers). */
typedef struct gw_inst gw_inst;
typedef struct gw_conn gw_conn;

/* Why a connection or session ends; the plugin translates it to its own wire
 * (WebSocket close codes, an SSE `closed` event, a line of text on telnet). A plugin's close() with GW_CLOSE_NORMAL
 * ends the session too; with any other code it stays, to be resumed. */
enum {
  GW_CLOSE_NORMAL = 1000,       /* the client said goodbye (quit, logout) */
  GW_CLOSE_SHUTDOWN = 1001,     /* the host stops or the account is stopped; come back */
  GW_CLOSE_PROTOCOL = 1002,     /* the peer broke the wire protocol */
  GW_CLOSE_INVALID_DATA = 1007, /* invalid UTF-8 and the like */
  GW_CLOSE_POLICY = 1008,       /* a rule was broken: deadline, ban */
  GW_CLOSE_TOO_BIG = 1009,
  GW_CLOSE_INTERNAL = 1011,
  GW_CLOSE_LOST = 1006,     /* never on the wire: the peer went away without a goodbye */
  GW_CLOSE_REPLACED = 4000, /* a new game session took over; do not come back by yourself */
  GW_CLOSE_AUTH_FAILED = 4001,
  GW_CLOSE_SLOW = 4002, /* slow consumer; come back and resume */
  GW_CLOSE_IDLE = 4003,
  GW_CLOSE_RATE_LIMIT = 4004 /* come back after retry_after_ms */
};

#ifdef __cplusplus
}
#endif
#endif /* GW_TYPES_H */
