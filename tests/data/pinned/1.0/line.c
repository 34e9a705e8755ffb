/* Channel "line": lines of UTF-8 in, lines out, in plain C11 and nothing but the SDK's headers. Try it with nc.
 *
 * A connection collects bytes until a line is whole, hands it to the host and forgets it. Half a line, and whether
 * the last thing shown was a prompt, go along when the plugin is reloaded (gw.migrate/1).
 *
 * Thread tags as in the headers. An instance has nothing that changes, so its callbacks need no locks.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gw/encode.h"
#include "gw/host.h"
#include "gw/migrate.h"
#include "gw/note.h"
#include "gw/plugin.h"
#include "gw/stream.h"

#define ID "pinned-line"
#define VERSION "1.0.0"
#define MAX_LINE 4096u   /* whatever a peer can grow has a bound */
#define STATE_VERSION 1u /* of what export_state writes */
#define STATE_HEADER 3u  /* flags, and the length of the line in two bytes */
#define ONLY_CLASS 1u    /* bodies depend on nothing here: one class for all connections */
#define FLAG_AT_PROMPT 1u

GW_PLUGIN_NOTE(ID, VERSION, 0);

static const gw_host* the_host;

struct gw_inst {
  gw_host_inst* host;
};

struct gw_conn {
  gw_host_conn* host;
  bool is_at_prompt; /* the last thing shown was a prompt: output begins on a new line */
  size_t length;
  char line[MAX_LINE];
};

static gw_slice slice(const char* text) { return (gw_slice){text, strlen(text)}; }

static gw_status refuse(gw_err* err, gw_status status, const char* why) {
  strncpy(err->text, why, sizeof err->text - 1);
  err->text[sizeof err->text - 1] = '\0';
  return status;
}

static void set_class(gw_host_conn* conn) {
  the_host->stream->set_class(conn, ONLY_CLASS, GW_CLASS_TEXT_ONLY | GW_CLASS_REPROMPT, slice("plain"));
}

/* --- an account of this channel [control] ------------------------------------------------------------- */

static gw_status validate_config(gw_slice options, gw_err* err) {
  /* It has no options; "{}" is what an account without any has. */
  if (options.len == 0 || (options.len == 2 && memcmp(options.ptr, "{}", 2) == 0)) return GW_OK;
  return refuse(err, GW_E_INVALID, "options: this channel has none");
}

static gw_status create(gw_host_inst* host_inst, gw_slice options, gw_err* err, gw_inst** out) {
  gw_inst* inst = malloc(sizeof *inst);
  (void)options;
  if (inst == NULL) return refuse(err, GW_E_NOMEM, "out of memory");
  inst->host = host_inst;
  *out = inst;
  return GW_OK;
}

static gw_status start(gw_inst* inst, gw_err* err) { return (void)inst, (void)err, GW_OK; }
static int32_t reconfigure(gw_inst* inst, gw_slice options, gw_err* err) {
  (void)inst;
  return validate_config(options, err) == GW_OK ? GW_RECONF_APPLIED : GW_RECONF_REJECTED;
}
static void drain(gw_inst* inst, uint64_t deadline_ms) { (void)inst, (void)deadline_ms; }
static void stop(gw_inst* inst) { (void)inst; }
static void destroy(gw_inst* inst) { free(inst); }

static const gw_instance_ops instance_ops = {
    sizeof(gw_instance_ops), validate_config, create, start, reconfigure, drain, stop, destroy};

/* --- a connection [loop] ------------------------------------------------------------------------------- */

static gw_conn* make(gw_host_conn* host_conn) {
  gw_conn* conn = malloc(sizeof *conn);
  if (conn == NULL) return NULL;
  conn->host = host_conn;
  conn->is_at_prompt = false;
  conn->length = 0;
  return conn;
}

static gw_status stream_open(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info, uint64_t now_ns,
                             gw_conn** out) {
  gw_hello hello = {.struct_size = sizeof hello, .mode = GW_HELLO_NEW, .caps = GW_CAP_TERMINAL | GW_CAP_UTF8};
  gw_conn* conn = make(host_conn);
  (void)inst, (void)info, (void)now_ns;
  if (conn == NULL) return GW_E_NOMEM;
  set_class(host_conn);
  the_host->stream->hello(host_conn, 0, &hello);
  *out = conn;
  return GW_OK;
}

/* Hands the collected line over. AGAIN: not now; the line stays, and so does its newline in the host. */
static gw_status submit_line(gw_conn* conn) {
  gw_input input = {.struct_size = sizeof input, .kind = GW_INPUT_LINE};
  size_t length = conn->length;
  gw_status status;
  if (length > 0 && conn->line[length - 1] == '\r') --length;
  input.text_p = (gw_slice){conn->line, length};
  status = the_host->stream->submit(conn->host, 0, &input);
  if (status == GW_E_AGAIN) return status;
  conn->length = 0; /* taken, or refused by the rate limit, of which the host has told the client */
  conn->is_at_prompt = false;
  return GW_OK;
}

static gw_status stream_data(gw_conn* conn, gw_slice bytes, uint64_t now_ns, size_t* consumed) {
  size_t used = 0;
  (void)now_ns;
  for (; used < bytes.len; ++used) {
    if (bytes.ptr[used] == '\n') {
      if (submit_line(conn) == GW_E_AGAIN) break;
    } else if (conn->length == MAX_LINE) {
      return GW_E_PROTO;
    } else {
      conn->line[conn->length++] = bytes.ptr[used];
    }
  }
  *consumed = used;
  return GW_OK;
}

static void stream_eof(gw_conn* conn) { (void)conn; }
static void stream_timer(gw_conn* conn, uint32_t id, uint64_t now_ns) { (void)conn, (void)id, (void)now_ns; }
static void stream_writable(gw_conn* conn) { (void)conn; }
static void stream_event(gw_conn* conn, uint64_t token, gw_status status, gw_slice message) {
  (void)conn, (void)token, (void)status, (void)message;
}
static void stream_notice(gw_conn* conn, const gw_notice* notice) { (void)conn, (void)notice; }

static void stream_close_begin(gw_conn* conn, const gw_close_info* info, uint64_t grace_ms) {
  (void)grace_ms;
  if (conn->is_at_prompt) the_host->stream->send(conn->host, slice("\n"));
  if (info->text_h.len > 0) {
    the_host->stream->send(conn->host, info->text_h);
    the_host->stream->send(conn->host, slice("\n"));
  }
  the_host->stream->close(conn->host, info->code, slice(""));
}

static void stream_closed(gw_conn* conn, uint32_t code) {
  (void)code;
  free(conn);
}

static const gw_stream_ext stream_table = {sizeof(gw_stream_ext), stream_open,     stream_data,  stream_eof,
                                           stream_timer,          stream_writable, stream_event, stream_notice,
                                           stream_close_begin,    stream_closed};

/* --- what is shown ------------------------------------------------------------------------------------- */

static bool is_prompt(const gw_event* event) { return event->kind == GW_KIND_PROMPT; }

/* [encode] Once for all connections. */
static gw_status encode(gw_inst* inst, gw_slice class_desc, const gw_event* event, gw_builder* builder) {
  gw_status status;
  (void)inst, (void)class_desc;
  status = the_host->base->builder_append(builder, event->text);
  if (status != GW_OK || is_prompt(event)) return status;
  return the_host->base->builder_append(builder, slice("\n"));
}

/* [loop] What differs from connection to connection: output never runs into a prompt. */
static gw_status wrap(gw_conn* conn, const gw_event* event, uint64_t epoch, uint64_t seq, size_t body_len,
                      gw_wrap* out) {
  (void)epoch, (void)seq;
  if (conn->is_at_prompt && body_len > 0) {
    out->head[0] = '\n';
    out->head_len = 1;
  }
  conn->is_at_prompt = is_prompt(event) && body_len > 0;
  return GW_OK;
}

static const gw_encode_ext encode_table = {sizeof(gw_encode_ext), encode, wrap, NULL};

/* --- moving to another generation [loop] ----------------------------------------------------------------- */

static const gw_state_schema state_schema = {
    sizeof(gw_state_schema), {ID, sizeof ID - 1}, STATE_VERSION, STATE_VERSION, STATE_VERSION};
static const gw_state_schema* schema(void) { return &state_schema; }

static int32_t quiesce(gw_conn* conn, gw_err* err) { return (void)conn, (void)err, GW_QUIESCE_READY; }
static void resume(gw_conn* conn) { (void)conn; }

/* flags, length (two bytes, the lower one first), the half-typed line */
static gw_status export_state(const gw_conn* conn, uint32_t version, gw_bytes_sink* sink, gw_err* err) {
  const char header[STATE_HEADER] = {conn->is_at_prompt ? FLAG_AT_PROMPT : 0, (char)(conn->length & 0xff),
                                     (char)(conn->length >> 8)};
  gw_status status;
  if (version != STATE_VERSION) return refuse(err, GW_E_UNSUPPORTED, "only state version 1 is written");
  status = sink->write(sink->ctx, (gw_slice){header, sizeof header});
  return status != GW_OK ? status : sink->write(sink->ctx, (gw_slice){conn->line, conn->length});
}

/* The bytes are hostile: every length is checked before it is used. */
static gw_status import_state(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info, uint32_t version,
                              gw_slice bytes, uint64_t now_ns, gw_err* err, gw_conn** out) {
  const unsigned char* at = (const unsigned char*)bytes.ptr;
  gw_conn* conn;
  size_t length;
  (void)inst, (void)info, (void)now_ns;
  if (version != STATE_VERSION) return refuse(err, GW_E_UNSUPPORTED, "only state version 1 is read");
  if (bytes.len < STATE_HEADER) return refuse(err, GW_E_INVALID, "state: it is cut off");
  if ((at[0] & ~FLAG_AT_PROMPT) != 0) return refuse(err, GW_E_INVALID, "state.flags: unknown bits");
  length = at[1] | (size_t)at[2] << 8;
  if (length > MAX_LINE) return refuse(err, GW_E_INVALID, "state.line: it is too long");
  if (bytes.len != STATE_HEADER + length) return refuse(err, GW_E_INVALID, "state.line: its length is wrong");
  if (memchr(at + STATE_HEADER, '\n', length) != NULL)
    return refuse(err, GW_E_INVALID, "state.line: it holds a whole line");
  conn = make(host_conn);
  if (conn == NULL) return refuse(err, GW_E_NOMEM, "out of memory");
  conn->is_at_prompt = (at[0] & FLAG_AT_PROMPT) != 0;
  conn->length = length;
  memcpy(conn->line, at + STATE_HEADER, length);
  set_class(host_conn);
  *out = conn;
  return GW_OK;
}

static void commit(gw_conn* conn) { (void)conn; }
static void released(gw_conn* conn) { free(conn); }

static const gw_migrate_ext migrate_table = {sizeof(gw_migrate_ext), schema,       quiesce, resume,
                                             export_state,           import_state, commit,  released};

/* --- the plugin [control] ------------------------------------------------------------------------------ */

static gw_status init(const gw_host* host, uint64_t now_ns, gw_err* err) {
  (void)now_ns, (void)err;
  the_host = host;
  return GW_OK;
}

static void deinit(void) { the_host = NULL; }

/* [any] */
static const void* get_extension(gw_slice id) {
  const struct {
    const char* id;
    const void* table;
  } tables[] = {{GW_EXT_STREAM, &stream_table}, {GW_EXT_ENCODE, &encode_table}, {GW_EXT_MIGRATE, &migrate_table}};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; ++i)
    if (id.len == strlen(tables[i].id) && memcmp(id.ptr, tables[i].id, id.len) == 0) return tables[i].table;
  return NULL;
}

static const gw_descriptor descriptor = {
    sizeof(gw_descriptor),         {ID, sizeof ID - 1}, {"Lines", 5},   {"Gatehouse examples", 18},
    {VERSION, sizeof VERSION - 1}, {"Apache-2.0", 10},  GW_UNLOAD_SAFE, STATE_HEADER + MAX_LINE};
static const gw_plugin plugin = {sizeof(gw_plugin), &descriptor, init, deinit, &instance_ops, get_extension};

__attribute__((visibility("default"))) const gw_plugin* gw_plugin_entry(uint32_t host_min_abi, uint32_t host_max_abi,
                                                                        uint32_t* chosen_abi_out, gw_err* err) {
  if (host_min_abi > GW_ABI_VERSION || host_max_abi < GW_ABI_VERSION) {
    refuse(err, GW_E_UNSUPPORTED, "the host speaks another plugin ABI");
    return NULL;
  }
  *chosen_abi_out = GW_ABI_VERSION;
  return &plugin;
}
