/* Channel "faulty": lines in, lines out, from which one build each makes a plugin with one fault: FAULT says which.
 * With FAULT_NONE it passes the conformance suite; with any other gw-conform must find what is wrong. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw/encode.h"
#include "gw/host.h"
#include "gw/migrate.h"
#include "gw/note.h"
#include "gw/plugin.h"
#include "gw/stream.h"

#define FAULT_NONE 0
#define FAULT_LOSES_A_BYTE 1      /* where a line is cut before its end */
#define FAULT_FORGETS 2           /* half a line, when it moves */
#define FAULT_TRUSTS_STATES 3     /* crashes on one whose length is wrong */
#define FAULT_TRUSTS_MALLOC 4     /* crashes without memory */
#define FAULT_COUNTS_EVENTS 5     /* encode is not pure */
#define FAULT_STAYS 6             /* in memory */
#define FAULT_LAST_WORDS 7        /* sends in closed() */
#define FAULT_HANGS 8             /* on a word */
#define FAULT_IGNORES_AGAIN 9     /* and loses the line */
#define FAULT_WRAPS_TOO_LONG 10   /* 97 bytes */
#define FAULT_STUCK 11            /* neither consumes nor closes when a line is too long */
#define FAULT_HOARDS 12           /* takes lines of any length */
#define FAULT_LEAKS 13            /* each connection */
#define FAULT_SHARES 14           /* one buffer for all connections */
#define FAULT_OTHER_NOTE 15       /* its note tells another version */
#define FAULT_SILENT_REFUSAL 16   /* of options */
#define FAULT_RESUMES_NOT 17      /* a move that was given up has ended it */
#define FAULT_NO_RANGE 18         /* takes any ABI version */
#define FAULT_APPLIES_ANYTHING 19 /* even what validate_config refuses */
#define FAULT_TICKS_AT_ONCE 20    /* sets a timer of no length again and again */

#ifndef FAULT
#define FAULT FAULT_NONE
#endif

#define ID "faulty"
#define VERSION "1.0.0"
#define MAX_LINE 4096u
#define STATE_HEADER 2u

#if FAULT == FAULT_OTHER_NOTE
GW_PLUGIN_NOTE(ID, "2.0.0", 0);
#else
GW_PLUGIN_NOTE(ID, VERSION, 0);
#endif

static const gw_host* the_host;

struct gw_inst {
  gw_host_inst* host;
};

struct gw_conn {
  gw_host_conn* host;
  bool is_over;
  size_t length, room;
  char* line;
};

static char shared_line[MAX_LINE];

static gw_slice slice(const char* text) { return (gw_slice){text, strlen(text)}; }

static gw_status refuse(gw_err* err, gw_status status, const char* why) {
  strncpy(err->text, why, sizeof err->text - 1);
  err->text[sizeof err->text - 1] = '\0';
  return status;
}

/* --- an account ------------------------------------------------------------------------------------------ */

static gw_status validate_config(gw_slice options, gw_err* err) {
  if (options.len == 2 && memcmp(options.ptr, "{}", 2) == 0) return GW_OK;
  return FAULT == FAULT_SILENT_REFUSAL ? GW_E_INVALID : refuse(err, GW_E_INVALID, "options: this channel has none");
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
  if (FAULT == FAULT_APPLIES_ANYTHING) return GW_RECONF_APPLIED;
  return validate_config(options, err) == GW_OK ? GW_RECONF_APPLIED : GW_RECONF_REJECTED;
}
static void drain(gw_inst* inst, uint64_t deadline_ms) { (void)inst, (void)deadline_ms; }
static void stop(gw_inst* inst) { (void)inst; }
static void destroy(gw_inst* inst) { free(inst); }

static const gw_instance_ops instance_ops = {
    sizeof(gw_instance_ops), validate_config, create, start, reconfigure, drain, stop, destroy};

/* --- a connection ---------------------------------------------------------------------------------------- */

static void set_class(gw_host_conn* conn) { the_host->stream->set_class(conn, 1, GW_CLASS_TEXT_ONLY, slice("plain")); }

static gw_conn* make(gw_host_conn* host_conn) {
  gw_conn* conn = malloc(sizeof *conn);
  if (conn == NULL && FAULT != FAULT_TRUSTS_MALLOC) return NULL;
  memset(conn, 0, sizeof *conn);
  conn->host = host_conn;
  conn->room = MAX_LINE;
  conn->line = FAULT == FAULT_SHARES ? shared_line : malloc(conn->room);
  if (conn->line != NULL) return conn;
  free(conn);
  return NULL;
}

static void free_conn(gw_conn* conn) {
  if (FAULT != FAULT_SHARES && FAULT != FAULT_LEAKS) free(conn->line);
  free(conn);
}

static gw_status stream_open(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info, uint64_t now_ns,
                             gw_conn** out) {
  gw_hello hello = {.struct_size = sizeof hello, .mode = GW_HELLO_NEW, .caps = GW_CAP_TERMINAL};
  gw_conn* conn = make(host_conn);
  (void)inst, (void)info, (void)now_ns;
  if (conn == NULL) return GW_E_NOMEM;
  set_class(host_conn);
  the_host->stream->hello(host_conn, 0, &hello);
  if (FAULT == FAULT_TICKS_AT_ONCE) the_host->stream->timer_set(host_conn, 0, 0);
  *out = conn;
  return GW_OK;
}

static gw_status submit_line(gw_conn* conn) {
  gw_input input = {.struct_size = sizeof input, .kind = GW_INPUT_LINE};
  gw_status status;
  input.text_p = (gw_slice){conn->line, conn->length};
  if (FAULT == FAULT_HANGS && conn->length >= 4 && memcmp(conn->line, "look", 4) == 0)
    for (;;) usleep(1000);
  status = the_host->stream->submit(conn->host, 0, &input);
  if (status == GW_E_AGAIN && FAULT != FAULT_IGNORES_AGAIN) return status;
  conn->length = 0;
  return GW_OK;
}

/* Whether there is room for a byte more. */
static bool has_room(gw_conn* conn) {
  char* longer;
  if (conn->length < conn->room) return true;
  if (FAULT != FAULT_HOARDS) return false;
  longer = realloc(conn->line, 2 * conn->room);
  if (longer == NULL) return false;
  conn->line = longer;
  conn->room *= 2;
  return true;
}

static gw_status stream_data(gw_conn* conn, gw_slice bytes, uint64_t now_ns, size_t* consumed) {
  size_t used = 0;
  (void)now_ns;
  for (; used < bytes.len; ++used) {
    if (FAULT == FAULT_LOSES_A_BYTE && used == 0 && conn->length == 3) continue;
    if (bytes.ptr[used] == '\n') {
      if (submit_line(conn) == GW_E_AGAIN) break;
    } else if (!has_room(conn)) {
      if (FAULT == FAULT_STUCK) break;
      return GW_E_PROTO;
    } else {
      conn->line[conn->length++] = bytes.ptr[used];
    }
  }
  *consumed = used;
  return GW_OK;
}

static void stream_eof(gw_conn* conn) { the_host->stream->close(conn->host, GW_CLOSE_LOST, slice("")); }
static void stream_timer(gw_conn* conn, uint32_t id, uint64_t now_ns) {
  (void)now_ns;
  the_host->stream->timer_set(conn->host, id, 0);
}
static void stream_writable(gw_conn* conn) { (void)conn; }
static void stream_event(gw_conn* conn, uint64_t token, gw_status status, gw_slice message) {
  (void)conn, (void)token, (void)status, (void)message;
}
static void stream_notice(gw_conn* conn, const gw_notice* notice) { (void)conn, (void)notice; }

static void stream_close_begin(gw_conn* conn, const gw_close_info* info, uint64_t grace_ms) {
  (void)grace_ms;
  if (!conn->is_over) the_host->stream->send(conn->host, info->text_h);
  the_host->stream->close(conn->host, info->code, slice(""));
}

static void stream_closed(gw_conn* conn, uint32_t code) {
  (void)code;
  if (FAULT == FAULT_LAST_WORDS) the_host->stream->send(conn->host, slice("Bye.\n"));
  free_conn(conn);
}

static const gw_stream_ext stream_table = {sizeof(gw_stream_ext), stream_open,     stream_data,  stream_eof,
                                           stream_timer,          stream_writable, stream_event, stream_notice,
                                           stream_close_begin,    stream_closed};

/* --- what is shown --------------------------------------------------------------------------------------- */

static gw_status encode(gw_inst* inst, gw_slice class_desc, const gw_event* event, gw_builder* builder) {
  static unsigned char count;
  const char counted[] = {(char)('a' + count % 26), '\0'};
  gw_status status = the_host->base->builder_append(builder, event->text);
  (void)inst, (void)class_desc;
  if (FAULT == FAULT_COUNTS_EVENTS) {
    ++count;
    the_host->base->builder_append(builder, slice(counted));
  }
  return status != GW_OK ? status : the_host->base->builder_append(builder, slice("\n"));
}

static gw_status wrap(gw_conn* conn, const gw_event* event, uint64_t epoch, uint64_t seq, size_t body_len,
                      gw_wrap* out) {
  (void)conn, (void)event, (void)epoch, (void)seq, (void)body_len;
  out->head_len = FAULT == FAULT_WRAPS_TOO_LONG ? GW_WRAP_MAX + 1 : 0;
  return GW_OK;
}

static const gw_encode_ext encode_table = {sizeof(gw_encode_ext), encode, wrap, NULL};

/* --- moving ------------------------------------------------------------------------------------------------ */

static const gw_state_schema state_schema = {sizeof(gw_state_schema), {ID, sizeof ID - 1}, 1, 1, 1};
static const gw_state_schema* schema(void) { return &state_schema; }

static int32_t quiesce(gw_conn* conn, gw_err* err) {
  (void)err;
  conn->is_over = FAULT == FAULT_RESUMES_NOT;
  return GW_QUIESCE_READY;
}
static void resume(gw_conn* conn) { (void)conn; }

static gw_status export_state(const gw_conn* conn, uint32_t version, gw_bytes_sink* sink, gw_err* err) {
  const size_t length = FAULT == FAULT_FORGETS ? 0 : conn->length;
  const char header[STATE_HEADER] = {(char)(length & 0xff), (char)(length >> 8)};
  gw_status status;
  if (version != 1) return refuse(err, GW_E_UNSUPPORTED, "only state version 1 is written");
  status = sink->write(sink->ctx, (gw_slice){header, sizeof header});
  return status != GW_OK ? status : sink->write(sink->ctx, (gw_slice){conn->line, length});
}

static gw_status import_state(gw_inst* inst, gw_host_conn* host_conn, const gw_open_info* info, uint32_t version,
                              gw_slice bytes, uint64_t now_ns, gw_err* err, gw_conn** out) {
  const unsigned char* at = (const unsigned char*)bytes.ptr;
  gw_conn* conn;
  size_t length;
  (void)inst, (void)info, (void)now_ns;
  if (version != 1) return refuse(err, GW_E_UNSUPPORTED, "only state version 1 is read");
  if (bytes.len < STATE_HEADER) return refuse(err, GW_E_INVALID, "state: it is cut off");
  length = at[0] | (size_t)at[1] << 8;
  if (length > MAX_LINE || bytes.len != STATE_HEADER + length) {
    if (FAULT == FAULT_TRUSTS_STATES) abort(); /* what reading beyond the end may come to */
    return refuse(err, GW_E_INVALID, "state.line: its length is wrong");
  }
  if (memchr(at + STATE_HEADER, '\n', length) != NULL) return refuse(err, GW_E_INVALID, "state.line: it is whole");
  conn = make(host_conn);
  if (conn == NULL) return refuse(err, GW_E_NOMEM, "out of memory");
  conn->length = length;
  memcpy(conn->line, at + STATE_HEADER, length);
  set_class(host_conn);
  *out = conn;
  return GW_OK;
}

static void commit(gw_conn* conn) { (void)conn; }
static void released(gw_conn* conn) { free_conn(conn); }

static const gw_migrate_ext migrate_table = {sizeof(gw_migrate_ext), schema,       quiesce, resume,
                                             export_state,           import_state, commit,  released};

/* --- the plugin ---------------------------------------------------------------------------------------------- */

static gw_status init(const gw_host* host, uint64_t now_ns, gw_err* err) {
  Dl_info here;
  (void)now_ns, (void)err;
  the_host = host;
  if (FAULT == FAULT_STAYS && dladdr(&the_host, &here) != 0) dlopen(here.dli_fname, RTLD_NOW);
  return GW_OK;
}

static void deinit(void) { the_host = NULL; }

static const void* get_extension(gw_slice id) {
  const struct {
    const char* id;
    const void* table;
  } tables[] = {{GW_EXT_STREAM, &stream_table}, {GW_EXT_ENCODE, &encode_table}, {GW_EXT_MIGRATE, &migrate_table}};
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; ++i)
    if (id.len == strlen(tables[i].id) && memcmp(id.ptr, tables[i].id, id.len) == 0) return tables[i].table;
  return NULL;
}

static const gw_descriptor descriptor = {sizeof(gw_descriptor), {ID, sizeof ID - 1},           {"Faulty", 6},
                                         {"tests", 5},          {VERSION, sizeof VERSION - 1}, {"Apache-2.0", 10},
                                         GW_UNLOAD_SAFE,        STATE_HEADER + MAX_LINE};

static const gw_plugin plugin = {sizeof(gw_plugin), &descriptor, init, deinit, &instance_ops, get_extension};

__attribute__((visibility("default"))) const gw_plugin* gw_plugin_entry(uint32_t host_min_abi, uint32_t host_max_abi,
                                                                        uint32_t* chosen_abi_out, gw_err* err) {
  const bool is_spoken = host_min_abi <= GW_ABI_VERSION && host_max_abi >= GW_ABI_VERSION;
  if (!is_spoken && FAULT != FAULT_NO_RANGE) {
    refuse(err, GW_E_UNSUPPORTED, "the host speaks another plugin ABI");
    return NULL;
  }
  *chosen_abi_out = GW_ABI_VERSION;
  return &plugin;
}
