/* gw.encode/1: encode once, send to all.
 *
 * A connection declares with set_class everything that affects a body's bytes (subprotocol, charset,
 * colour level, ...). The host encodes an event once per (event, class, plugin generation, loop) and
 * gives the same bytes to every connection of the class. Only head and tail are per connection.
 * A unit is head + body + tail: indivisible on the wire, never dropped or merged once wrapped.
 */
#ifndef GW_ENCODE_H
#define GW_ENCODE_H

#include "gw/event.h"
#include "gw/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GW_EXT_ENCODE "gw.encode/1"
#define GW_WRAP_MAX 96 /* bytes of head, and of tail */

/* set_class flags. */
enum {
  /* deliver() replaces wrap: the plugin transforms the whole stream (compression) and sends itself. */
  GW_CLASS_STREAM_TRANSFORM = 1u << 0,
  /* The host queues the current prompt once more after a turn's last text unit. */
  GW_CLASS_REPROMPT = 1u << 1,
  /* A terminal: it shows only GW_KIND_TEXT and GW_KIND_PROMPT, the host skips GW_KIND_DATA for it; its client cannot
   * acknowledge, so that what TCP says has arrived stands in for it; and the host greets it by itself (stream open). */
  GW_CLASS_TEXT_ONLY = 1u << 2
};

/* What wrap() fills: at most GW_WRAP_MAX bytes each. Lengths are 0 when called. */
typedef struct gw_wrap {
  char head[GW_WRAP_MAX];
  char tail[GW_WRAP_MAX];
  uint32_t head_len;
  uint32_t tail_len;
} gw_wrap;

typedef struct gw_encode_ext {
  uint32_t struct_size;
  /* [encode] Writes the event's body for a class, without seq, with host->builder_append. Pure:
   * the same inputs give the same bytes, and no instance state but immutable data is read.
   * Returning GW_E_UNSUPPORTED skips the event for this class. An empty body is sent as such
   * (wrap is still called). */
  gw_status (*encode)(gw_inst* inst, gw_slice class_desc_h, const gw_event* event_h, gw_builder* builder);
  /* [loop] Per connection, in wire order, when the unit is queued; may change the connection's codec
   * state. seq is 0 for events without one. Any failure: this connection does not show the unit, which counts as
   * delivered. Other events may follow in the same turn: what is said with ack counts after them, and hello, submit,
   * frame, sign_in, charge and the start of work fail with GW_E_STATE; from deliver, too. */
  gw_status (*wrap)(gw_conn* conn, const gw_event* event_h, uint64_t epoch, uint64_t seq, size_t body_len,
                    gw_wrap* wrap_out);
  /* [loop] For classes with GW_CLASS_STREAM_TRANSFORM only; may be NULL. */
  gw_status (*deliver)(gw_conn* conn, const gw_event* event_h, uint64_t epoch, uint64_t seq, gw_slice body_h);
} gw_encode_ext;

#ifdef __cplusplus
}
#endif
#endif /* GW_ENCODE_H */
