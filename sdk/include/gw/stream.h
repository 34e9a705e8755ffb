/* gw.stream/1: a live connection, from open to closed. Every function here is [loop] unless tagged.
 *
 * Within a callback the session may not be ready for what the callback tells of (ATTACHED may come while the typed
 * questions still own the connection): submit says GW_E_AGAIN then, and works in a later turn.
 *
 * Life: open -> (data | eof | timer | writable | event | notice)* -> close_begin? -> closed.
 * `closed` is always the last call and frees the plugin's side. After the plugin calls host close(),
 * only closed() follows. All functions may call host functions of the same connection.
 */
#ifndef GW_STREAM_H
#define GW_STREAM_H

#include "gw/event.h"
#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_STREAM "gw.stream/1"

typedef struct gw_open_info {
  uint32_t struct_size;
  gw_slice peer_h; /* "203.0.113.9:51234" or "[2001:db8::1]:51234" */
  gw_slice local_h;
  gw_slice listener_h;    /* the account's listener, for logs */
  gw_slice subprotocol_h; /* what http_accept chose; empty otherwise */
  gw_slice extensions_h;  /* negotiated, as the plugin gave it to http_accept */
  uint64_t user_u64;      /* what http_accept passed on */
  uint32_t is_tls;
  uint32_t is_bound; /* 1: request_bind has already bound this stream to a session; no hello */
} gw_open_info;

/* notice() kinds. Unknown: ignore. */
enum {
  GW_NOTICE_ATTACHED = 1, /* a = epoch, b = 1 if resumed; precedes the first wrap */
  GW_NOTICE_STATE = 2,    /* a = from, b = to (GW_STATE_*) */
  GW_NOTICE_REPLACED = 3  /* close_begin(GW_CLOSE_REPLACED) follows */
};

enum {
  GW_STATE_CONNECTING = 0,
  GW_STATE_AUTHENTICATING = 1,
  GW_STATE_CHARACTER_SELECTION = 2,
  GW_STATE_PLAYING = 3,
  GW_STATE_DISCONNECTED = 4,
  GW_STATE_CLOSED = 5
};

typedef struct gw_notice {
  uint32_t struct_size;
  uint32_t kind;
  uint64_t a;
  uint64_t b;
} gw_notice;

typedef struct gw_close_info {
  uint32_t struct_size;
  uint32_t code;           /* GW_CLOSE_* */
  uint32_t retry;          /* 1: the client may come back by itself */
  uint64_t retry_after_ms; /* meaningful if retry is 1 */
  gw_slice text_h;         /* one plain sentence for a person; may be empty */
} gw_close_info;

typedef struct gw_stream_ext {
  uint32_t struct_size;
  /* A new stream. For HTTP channels it follows http_accept. No class is set yet: until set_class,
   * events wait. Call hello() when the client is known well enough; if a class with GW_CLASS_TEXT_ONLY is set and it
   * has not been called 1.5 s after open, the host sends hello(NEW) itself (unless is_bound).
   * Fails: the host closes the stream; closed() is NOT called. */
  gw_status (*open)(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info_h, uint64_t now_ns,
                    gw_conn** conn_out);
  /* Bytes from the peer. *consumed_out <= bytes.len; the rest stays in the host and is offered
   * again with what arrives later, or after read_resume / a pending hello's answer.
   * Fails (any negative but AGAIN): the host closes with GW_CLOSE_PROTOCOL. */
  gw_status (*data)(gw_conn* conn, gw_slice bytes_h, uint64_t now_ns, size_t* consumed_out);
  /* The peer finished sending (half close). What is queued has a second to leave; then the host closes with
   * GW_CLOSE_LOST if the plugin has not. */
  void (*eof)(gw_conn* conn);
  /* A timer of this connection fired; it is one-shot and no longer set. */
  void (*timer)(gw_conn* conn, uint32_t id, uint64_t now_ns);
  /* The output queue fell below the low watermark after a send returned AGAIN. */
  void (*writable)(gw_conn* conn);
  /* The answer to hello/submit/frame with that token: for frame() the finished JSON `res` frame,
   * for hello() and submit() the res *payload* or error object as JSON. status: GW_OK or why not. */
  void (*event)(gw_conn* conn, uint64_t token, gw_status status, gw_slice msg_h);
  void (*notice)(gw_conn* conn, const gw_notice* notice_h);
  /* Say goodbye on the wire within grace_ms, then call host close(). If the plugin has not by
   * then, the host closes. No further wrap or data follows. */
  void (*close_begin)(gw_conn* conn, const gw_close_info* info_h, uint64_t grace_ms);
  /* The last call: the stream is gone. Free conn. No host function may be called with it. */
  void (*closed)(gw_conn* conn, uint32_t code);
} gw_stream_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_STREAM_H */
