/* One outbound event as a codec sees it: plain text plus markup, without sequence numbers.
 *
 * `text_h` has had every control byte but \n and \t removed at the host's edge, so a codec only ever
 * *adds* escapes. Markup travels beside the text as spans, never inside it.
 */
#ifndef GW_EVENT_H
#define GW_EVENT_H

#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Delivery classes: what the host promises for the event. Codecs rarely need it. */
enum {
  GW_DELIVERY_MUST = 0,   /* has a seq, logged, replayed */
  GW_DELIVERY_LATEST = 1, /* no seq; only the newest value of its key matters */
  GW_DELIVERY_DROP = 2,   /* no seq; lost first on a slow connection */
  GW_DELIVERY_PRIVATE = 3 /* no seq, no log; this one connection only */
};

/* What the event is. Unknown values: treat as GW_KIND_DATA. */
enum {
  GW_KIND_TEXT = 0,   /* text for a person; ends a line unless it is a prompt */
  GW_KIND_PROMPT = 1, /* text that stays on the input line; flag ECHO_OFF hides what is typed */
  GW_KIND_DATA = 2    /* structured only (presence, health, ...): `text_h` is empty */
};

enum {
  GW_EVENT_ECHO_OFF = 1u << 0, /* the client must not show what is typed next (password) */
  GW_EVENT_PRIVATE = 1u << 1,  /* never to be stored or logged by a client */
  GW_EVENT_REPLAY = 1u << 2,   /* delivered again after a resume */
  GW_EVENT_ECHO_ON = 1u << 3   /* ends ECHO_OFF; usually on an event without text */
};

/* Span attributes. */
enum {
  GW_SPAN_BOLD = 1u << 0,
  GW_SPAN_ITALIC = 1u << 1,
  GW_SPAN_UNDERLINE = 1u << 2,
  GW_SPAN_INVERSE = 1u << 3,
  GW_SPAN_STRIKE = 1u << 4
};

/* A colour: 0 = default; 0x01000000 | n = palette entry n (0..255); 0x02000000 | rgb = true colour. */
#define GW_COLOR_DEFAULT 0u
#define GW_COLOR_PALETTE(n) (0x01000000u | (uint32_t)(n))
#define GW_COLOR_RGB(rgb) (0x02000000u | (0xffffffu & (uint32_t)(rgb)))

/* Markup of text_h[start, start+len), in bytes, on UTF-8 boundaries. Spans are sorted by start and
 * do not overlap. `link` is empty, or a URL with an http, https or send scheme. */
typedef struct gw_span {
  uint32_t start;
  uint32_t len;
  uint32_t fg;
  uint32_t bg;
  uint32_t attrs;
  gw_slice link;
} gw_span;

typedef struct gw_event {
  uint32_t struct_size;
  uint32_t delivery;
  uint32_t kind;
  uint32_t flags;
  gw_slice name; /* "output", "prompt", "presence", ...: ^[A-Za-z][A-Za-z0-9_.-]{0,63}$ */
  gw_slice text; /* plain UTF-8, lines separated by \n, no trailing newline */
  const gw_span* spans;
  size_t span_count;
  uint64_t state_version; /* the Bus's order of published broadcasts; 0 = none */
  const void* host_h;     /* the host's own handle, for gw_host_stream.event_payload */
  /* Bytes for a terminal in place of `text`, as a backend that is allowed to has made them; empty: none. They may hold
   * anything: only a codec with a terminal at its other end sends them, as they are (telnet doubles 0xFF) and with
   * nothing around them. For everybody else there is `text`, which may be empty. */
  gw_slice terminal;
} gw_event;

#ifdef __cplusplus
}
#endif
#endif /* GW_EVENT_H */
