/* gw.http/1: requests on the account's HTTP routes. The host parses HTTP and enforces limits, the
 * Host and Origin rules and CORS before a plugin sees a request.
 *
 * A request ends in exactly one of: http_reply, or http_accept (UPGRADE or STREAM) followed by
 * gw.stream/1 open. A request without either after 30 s is answered 503 by the host.
 */
#ifndef GW_HTTP_H
#define GW_HTTP_H

#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_HTTP "gw.http/1"

/* request() results. Unknown: as a negative status. */
enum {
  GW_HTTP_RESPONDED = 1, /* http_reply was called */
  GW_HTTP_ACCEPTED = 2,  /* http_accept was called */
  GW_HTTP_DEFER = 3,     /* request_bind or request_frame is pending; request_event answers */
  GW_HTTP_REJECT = 4     /* the host answers 400 with the err text */
};

/* http_accept modes. */
enum {
  GW_ACCEPT_UPGRADE = 1, /* the host sends 101 with Connection: Upgrade and headers_p */
  GW_ACCEPT_STREAM = 2   /* the host sends 200 with headers_p, Connection: close, no chunking */
};

/* request_bind credential kinds. */
enum {
  GW_BIND_BEARER = 1, /* an accessToken */
  GW_BIND_COOKIE = 2, /* the cookie minted for an attach token */
  GW_BIND_ATTACH = 3  /* an attachToken; the answer may carry a set_cookie to send */
};

typedef struct gw_header {
  gw_slice name; /* lower case on requests */
  gw_slice value;
} gw_header;

typedef struct gw_request_view {
  uint32_t struct_size;
  gw_slice method;
  gw_slice path;  /* decoded, normalised; without the query */
  gw_slice query; /* raw, without '?' */
  gw_slice body;
  const gw_header* headers;
  size_t header_count;
  gw_slice peer;
  uint32_t is_tls;
} gw_request_view;

/* The answer to request_bind or request_frame. */
typedef struct gw_request_answer {
  uint32_t struct_size;
  gw_status status;      /* GW_OK: bound / answered */
  uint32_t http_status;  /* the HTTP status that fits: 200, 204 (logged out), 401, 404, 409, 429, 503 */
  gw_slice body_h;       /* request_frame: the finished `res` frame; on failure an error object */
  gw_slice set_cookie_h; /* a complete Set-Cookie value, or empty */
} gw_request_answer;

typedef struct gw_route {
  uint32_t struct_size;
  uint32_t flags;  /* GW_ROUTE_* */
  gw_slice method; /* "GET", "POST", ... */
  gw_slice path;   /* exact path */
  uint32_t max_body_bytes;
} gw_route;

enum {
  GW_ROUTE_CORS = 1u << 0 /* answer OPTIONS and add CORS headers for allowed origins; never with cookies */
};

typedef struct gw_route_sink {
  void* ctx;
  gw_status (*add)(void* ctx, const gw_route* route_p);
} gw_route_sink;

typedef struct gw_http_ext {
  uint32_t struct_size;
  /* [control] The instance's routes, asked once after create and after each reconfigure. */
  gw_status (*routes)(gw_inst* inst, gw_route_sink* sink);
  /* [loop] One request, complete with its body. Returns a GW_HTTP_* or a negative status (500). */
  int32_t (*request)(gw_inst* inst, gw_host_req* req, const gw_request_view* view_h, uint64_t now_ns, gw_err* err);
  /* [loop] The answer to request_bind / request_frame of a deferred request. */
  void (*request_event)(gw_inst* inst, gw_host_req* req, uint64_t token, const gw_request_answer* answer_h);
} gw_http_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_HTTP_H */
