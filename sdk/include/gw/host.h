/* What the host offers to a plugin. Reached through gw_host, handed to gw_plugin.init.
 * Tables live as long as the plugin is loaded.
 */
#ifndef GW_HOST_H
#define GW_HOST_H

#include "gw/encode.h"
#include "gw/event.h"
#include "gw/http.h"
#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { GW_LOG_DEBUG = 0, GW_LOG_INFO = 1, GW_LOG_WARN = 2, GW_LOG_ERROR = 3 };
enum { GW_METRIC_COUNTER = 0, GW_METRIC_GAUGE = 1 };

/* hello() modes. To attach a further connection to a session, see request_bind and frame. */
enum { GW_HELLO_NEW = 0, GW_HELLO_RESUME = 1 };

/* Client capability bits, for hello() and submit(CAPS). */
enum {
  GW_CAP_UTF8 = 1u << 0,
  GW_CAP_SCREEN_READER = 1u << 1, /* no banner art, no repeated prompts */
  GW_CAP_STRUCTURED = 1u << 2,    /* speaks gateway.v1: no textual login flow */
  GW_CAP_TERMINAL = 1u << 3       /* a line-oriented terminal */
};

/* Who is there. Empty slices where unknown. */
typedef struct gw_hello {
  uint32_t struct_size;
  uint32_t mode; /* GW_HELLO_* */
  uint32_t caps; /* GW_CAP_* */
  uint32_t width;
  uint32_t height;
  gw_slice credential_p;
  gw_slice device_p;
  gw_slice game_session_p;
  gw_slice attempt_p;
  gw_slice client_p; /* client name and version, for operators */
  uint64_t epoch;
  uint64_t last_seq;
} gw_hello;

/* submit() kinds. */
enum {
  GW_INPUT_LINE = 0, /* a typed line: login flow before Playing, then a command. No clientSeq */
  /* A command in Playing, numbered by the client: client_seq counts from 1 for each device of the session, across its
   * connections and restarts of the host, and each number is carried out once. Answered {"duplicate":false}, or true
   * if it had been taken before; with GW_E_INVALID and an error object that has details.expected if it is ahead. */
  GW_INPUT_COMMAND = 1,
  GW_INPUT_CAPS = 2, /* caps, width, height changed */
  GW_INPUT_PING = 3  /* costs from the input bucket; nothing else happens */
};

typedef struct gw_input {
  uint32_t struct_size;
  uint32_t kind;
  uint64_t client_seq;
  uint32_t caps;
  uint32_t width;
  uint32_t height;
  gw_slice text_p; /* UTF-8; the host drops control bytes */
} gw_input;

/* [loop]: only from a callback of the same connection. All fail with GW_E_STATE once it is closed. */
typedef struct gw_host_stream {
  uint32_t struct_size;
  /* Queues bytes. GW_OK: queued. GW_E_AGAIN: queued, but the queue is above its high watermark; stop
   * until writable(). GW_E_STATE: closed. Never partially queued. */
  gw_status (*send)(gw_host_conn* conn, gw_slice bytes_p);
  gw_status (*send_buf)(gw_host_conn* conn, gw_buf* buf);
  /* Ends the stream after what is queued has been written. GW_CLOSE_NORMAL ends its session too. reason_p is for
   * logs. */
  void (*close)(gw_host_conn* conn, uint32_t code, gw_slice reason_p);
  void (*read_pause)(gw_host_conn* conn);
  void (*read_resume)(gw_host_conn* conn);
  /* One-shot; setting an id again replaces it. At most 8 ids (0..7) per connection. */
  gw_status (*timer_set)(gw_host_conn* conn, uint32_t id, uint64_t delay_ms);
  void (*timer_cancel)(gw_host_conn* conn, uint32_t id);
  /* See gw/encode.h. class_desc_p is copied. flags: GW_CLASS_*. GW_E_LIMIT: too many classes. */
  gw_status (*set_class)(gw_host_conn* conn, uint64_t class_key, uint32_t flags, gw_slice class_desc_p);
  /* Introduces the client, once; answered by event(token): NEW {}, RESUME the hello-ok payload of gateway.v1, or an
   * error object if it could not be resumed, after which the connection is as with NEW. The answer precedes whatever
   * it leads to. While it is pending, hello, submit and frame return GW_E_AGAIN and data() should stop consuming; it is
   * called again after the answer. */
  gw_status (*hello)(gw_host_conn* conn, uint64_t token, const gw_hello* hello_p);
  /* Input. GW_E_AGAIN: not now; leave it unconsumed, and data() is called again once it can be taken. A plugin that
   * has consumed it already keeps it and tries again by a timer. GW_E_LIMIT: refused by the rate limit
   * (the host has told the client). GW_E_STATE: not in this state of the session. token 0: no answer wanted. */
  gw_status (*submit)(gw_host_conn* conn, uint64_t token, const gw_input* input_p);
  /* The client has everything up to (epoch, seq); cumulative. */
  void (*ack)(gw_host_conn* conn, uint64_t epoch, uint64_t seq);
  /* gw.json/1: one gateway.v1 frame, or an array of frames, parsed by the host. Answers arrive by
   * event(token 0) as finished frames. GW_E_AGAIN as submit; GW_E_PROTO: not JSON or not a frame
   * (the host has queued an error answer; closing is the plugin's decision). */
  gw_status (*frame)(gw_host_conn* conn, gw_slice utf8_p);
  /* Counts one inbound protocol unit (negotiation, ping, ...) against the connection's input bucket.
   * GW_E_LIMIT: the connection is over its rate and should be closed with GW_CLOSE_RATE_LIMIT. */
  gw_status (*charge)(gw_host_conn* conn, uint32_t units);
  /* The event's complete gateway.v1 payload as JSON; valid as long as the event. Built lazily, once
   * per loop. May be called from encode too. */
  gw_slice (*event_payload)(const gw_event* event_h);
  /* Monotonic now, as the loop last read it. [any] */
  uint64_t (*now_ns)(void);
} gw_host_stream;

/* [loop] HTTP. req is valid until it is answered. */
typedef struct gw_host_http {
  uint32_t struct_size;
  /* Binds a stream-to-be to a session; answered by request_event(token). epoch and seq: where the
   * client is (Last-Event-ID), 0 if unknown. */
  gw_status (*request_bind)(gw_host_req* req, uint32_t kind, gw_slice credential_p, uint64_t epoch, uint64_t seq,
                            uint64_t token);
  /* One gateway.v1 `req` frame (POST /rpc) under the given bearer (empty: connect only);
   * answered by request_event(token) with the finished `res`. */
  gw_status (*request_frame)(gw_host_req* req, gw_slice bearer_p, gw_slice utf8_p, uint64_t token);
  /* Turns the request into a stream; stream.open follows in this or a later turn. */
  gw_status (*http_accept)(gw_host_req* req, uint32_t mode, const gw_header* headers_p, size_t header_count,
                           gw_slice subprotocol_p, gw_slice extensions_p, uint64_t user_u64);
  /* Answers the request. The host adds Content-Length, Date and the security headers. */
  gw_status (*http_reply)(gw_host_req* req, uint32_t status, const gw_header* headers_p, size_t header_count,
                          gw_slice body_p);
} gw_host_http;

typedef struct gw_log_field {
  gw_slice key;
  gw_slice value;
} gw_log_field;

/* [any] unless tagged. */
typedef struct gw_host_base {
  uint32_t struct_size;
  /* Rate-limited by the host. Never log credentials. inst may be NULL. */
  void (*log)(gw_host_inst* inst, int32_t level, gw_slice message_p, const gw_log_field* fields_p, size_t field_count);
  gw_buf* (*buf_new)(gw_slice bytes_p); /* NULL: out of memory */
  void (*buf_ref)(gw_buf* buf);
  void (*buf_unref)(gw_buf* buf);
  gw_slice (*buf_bytes)(const gw_buf* buf);
  /* [encode] Appends to an encode call's body. */
  gw_status (*builder_append)(gw_builder* builder, gw_slice bytes_p);
  /* [control] in create. Identity is (plugin, instance, name), so counters survive a reload. */
  gw_status (*metric_define)(gw_host_inst* inst, uint32_t kind, gw_slice name_p, gw_slice help_p, uint32_t* metric_out);
  void (*metric_add)(gw_host_inst* inst, uint32_t metric, int64_t delta);
  void (*metric_set)(gw_host_inst* inst, uint32_t metric, int64_t value);
} gw_host_base;

typedef struct gw_host {
  uint32_t struct_size;
  uint32_t abi_version;
  gw_slice host_version;
  const gw_host_base* base;
  const gw_host_stream* stream;
  const gw_host_http* http;
  /* [any] Host extensions by id; NULL if unknown. */
  const void* (*get_extension)(gw_slice id);
} gw_host;

#ifdef __cplusplus
}
#endif
#endif /* GW_HOST_H */
