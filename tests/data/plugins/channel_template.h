// A small but complete channel in plain C-style C++, from which the sources beside it make one
// particular good or bad plugin: each defines what it changes, then includes this file.
//   TEST_ID, TEST_NOTE_ABI, TEST_ENTRY (body), TEST_INIT (body), TEST_STREAM, TEST_ENCODE (tables)
// An instance does what words in its options ask for: "fail-validate", "throw-create", "null-create",
// "fail-start", "throw-start", "throw-stop", "no-routes", "throw-routes", "bad-route", and of
// a plugin with gw.health/1 "fail-selftest", "throw-report", "degraded", "failed", "future", "names-thread" (tells
// which one asks it for a report); {"path":"/x"} sets its route. Every lifecycle call is told to the host's log, so
// that tests see it.
#ifndef GW_TESTS_CHANNEL_TEMPLATE_H
#define GW_TESTS_CHANNEL_TEMPLATE_H

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "gw/config.h"
#include "gw/encode.h"
#include "gw/health.h"
#include "gw/login.h"
#include "gw/note.h"
#include "gw/plugin.h"
#include "gw/stream.h"
#include "gw/work.h"

#ifndef TEST_ID
#define TEST_ID "good"
#endif
#ifndef TEST_NOTE_ID
#define TEST_NOTE_ID TEST_ID
#endif
#ifndef TEST_NOTE_ABI
#define TEST_NOTE_ABI GW_ABI_VERSION
#endif

#ifndef TEST_NO_NOTE
extern "C" __attribute__((section(GW_NOTE_SECTION), used, aligned(4)))
const gw_note gw_plugin_note = {3u,
                                (uint32_t)sizeof(gw_note_desc),
                                GW_NOTE_TYPE,
                                {'g', 'w', 0, 0},
                                {TEST_NOTE_ABI, 0, GW_SDK_VERSION, TEST_NOTE_ID, "1.2.3"}};
#endif

namespace {

const gw_host* theHost = nullptr;

gw_slice text(std::string_view s) { return {s.data(), s.size()}; }
std::string_view view(gw_slice s) { return s.len == 0 ? std::string_view() : std::string_view(s.ptr, s.len); }

void tell(gw_host_inst* inst, std::string_view what) {
  if (theHost && theHost->base && theHost->base->log) theHost->base->log(inst, GW_LOG_INFO, text(what), nullptr, 0);
}

void say(gw_err* err, const char* why) { strncpy(err->text, why, sizeof(err->text) - 1); }

struct Account {
  gw_host_inst* host;
  std::string options;
  bool wants(std::string_view word) const { return options.find(word) != std::string::npos; }
};
Account* account(gw_inst* inst) { return reinterpret_cast<Account*>(inst); }

gw_status validate(gw_slice options, gw_err* err) {
  if (view(options).find("fail-validate") == std::string_view::npos) return GW_OK;
  say(err, "options.x: expected a number");
  return GW_E_INVALID;
}

gw_status create(gw_host_inst* host_inst, gw_slice options, gw_err* err, gw_inst** out) {
  const std::string given(view(options));
  if (given.find("throw-create") != std::string::npos) throw std::runtime_error("create went wrong");
  if (given.find("null-create") != std::string::npos) return GW_OK;
  if (given.find("fail-create") != std::string::npos) return GW_E_NOMEM;  // without a reason
  (void)err;
  *out = reinterpret_cast<gw_inst*>(new Account{host_inst, given});
  tell(host_inst, "create");
  return GW_OK;
}

gw_status start(gw_inst* inst, gw_err* err) {
  if (account(inst)->wants("throw-start")) throw 42;
  if (account(inst)->wants("fail-start")) {
    say(err, "no cable");
    return GW_E_STATE;
  }
  tell(account(inst)->host, "start");
  return GW_OK;
}

int32_t reconfigure(gw_inst*, gw_slice, gw_err*) { return GW_RECONF_NEEDS_RECREATE; }
void drain(gw_inst* inst, uint64_t) { tell(account(inst)->host, "drain"); }

void stop(gw_inst* inst) {
  tell(account(inst)->host, "stop");
  if (account(inst)->wants("throw-stop")) throw std::runtime_error("stop went wrong");
}

void destroy(gw_inst* inst) {
  tell(account(inst)->host, "destroy");
  delete account(inst);
}

const gw_instance_ops instanceOps = {
    sizeof(gw_instance_ops), validate, create, start, reconfigure, drain, stop, destroy};

gw_status streamOpen(gw_inst*, gw_host_conn*, const gw_open_info*, uint64_t, gw_conn**) { return GW_E_UNSUPPORTED; }
gw_status streamData(gw_conn*, gw_slice, uint64_t, size_t*) { return GW_E_UNSUPPORTED; }
void streamEof(gw_conn*) {}
void streamTimer(gw_conn*, uint32_t, uint64_t) {}
void streamWritable(gw_conn*) {}
void streamEvent(gw_conn*, uint64_t, gw_status, gw_slice) {}
void streamNotice(gw_conn*, const gw_notice*) {}
void streamCloseBegin(gw_conn*, const gw_close_info*, uint64_t) {}
void streamClosed(gw_conn*, uint32_t) {}
const gw_stream_ext streamTable = {sizeof(gw_stream_ext), streamOpen,  streamData,   streamEof,        streamTimer,
                                   streamWritable,        streamEvent, streamNotice, streamCloseBegin, streamClosed};

gw_status encodeEvent(gw_inst*, gw_slice, const gw_event*, gw_builder*) { return GW_OK; }
gw_status wrapEvent(gw_conn*, const gw_event*, uint64_t, uint64_t, size_t, gw_wrap*) { return GW_OK; }
const gw_encode_ext encodeTable = {sizeof(gw_encode_ext), encodeEvent, wrapEvent, nullptr};

gw_status httpRoutes(gw_inst* inst, gw_route_sink* sink) {
  if (account(inst)->wants("throw-routes")) throw std::runtime_error("routes went wrong");
  if (account(inst)->wants("no-routes")) return GW_OK;
  if (account(inst)->wants("bad-route")) {
    const gw_route bad = {sizeof bad, 0, text("get"), text("no-slash"), 0};
    return sink->add(sink->ctx, &bad);
  }
  std::string path = "/good";
  const std::string& options = account(inst)->options;
  if (const size_t at = options.find("\"path\":\""); at != std::string::npos) {
    path = options.substr(at + 8, options.find('"', at + 8) - at - 8);
  }
  const gw_route route = {sizeof route, 0, text("GET"), text(path), 0};
  return sink->add(sink->ctx, &route);
}
int32_t httpRequest(gw_inst*, gw_host_req*, const gw_request_view*, uint64_t, gw_err*) { return GW_HTTP_REJECT; }
void httpRequestEvent(gw_inst*, gw_host_req*, uint64_t, const gw_request_answer*) {}
const gw_http_ext httpTable = {sizeof(gw_http_ext), httpRoutes, httpRequest, httpRequestEvent};

#ifndef TEST_STREAM
#define TEST_STREAM &streamTable
#endif
#ifndef TEST_ENCODE
#define TEST_ENCODE &encodeTable
#endif
#ifndef TEST_HTTP
#define TEST_HTTP &httpTable
#endif

gw_status healthSelftest(gw_inst* inst, gw_err* err) {
  if (!account(inst)->wants("fail-selftest")) return GW_OK;
  say(err, "the codec is broken");
  return GW_E_INTERNAL;
}
void healthReport(gw_inst* inst, gw_health_sink* sink) {
  char thread[16] = "";
  if (account(inst)->wants("names-thread") && pthread_getname_np(pthread_self(), thread, sizeof(thread)) == 0)
    tell(account(inst)->host, thread);
  if (account(inst)->wants("throw-report")) throw std::runtime_error("report went wrong");
  sink->report(sink->ctx, GW_HEALTH_OK, text("fine"));
  if (account(inst)->wants("degraded")) sink->report(sink->ctx, GW_HEALTH_DEGRADED, text("half the speed"));
  if (account(inst)->wants("failed")) sink->report(sink->ctx, GW_HEALTH_FAILED, text("no speed"));
  if (account(inst)->wants("future")) sink->report(sink->ctx, 99, text(""));
  sink->report(sink->ctx, GW_HEALTH_OK, text("still fine"));
}
const gw_health_ext healthTable = {sizeof(gw_health_ext), healthSelftest, healthReport};
gw_slice configSchema() { return text("{}"); }
const gw_config_ext configTable = {sizeof(gw_config_ext), configSchema};

const void* getExtension(gw_slice id) {
#ifdef TEST_HEALTH
  if (view(id) == GW_EXT_HEALTH) return &healthTable;
  if (view(id) == GW_EXT_CONFIG) return &configTable;
#endif
  (void)healthTable;
  (void)configTable;
  if (view(id) == GW_EXT_STREAM) return TEST_STREAM;
  if (view(id) == GW_EXT_ENCODE) return TEST_ENCODE;
  if (view(id) == GW_EXT_HTTP) return TEST_HTTP;
#ifdef TEST_LOGIN
  if (view(id) == GW_EXT_LOGIN) return TEST_LOGIN;
#endif
#ifdef TEST_WORK
  if (view(id) == GW_EXT_WORK) return TEST_WORK;
#endif
  return nullptr;
}

gw_status init(const gw_host* host, uint64_t, gw_err* err) {
  (void)err;
  theHost = host;
#ifdef TEST_INIT
  TEST_INIT
#else
  tell(nullptr, "init");
  return GW_OK;
#endif
}

void deinit() { tell(nullptr, "deinit"); }

#ifndef TEST_STRUCT_SIZE
#define TEST_STRUCT_SIZE sizeof(gw_plugin)
#endif
#ifndef TEST_UNLOAD
#define TEST_UNLOAD GW_UNLOAD_SAFE
#endif
#ifndef TEST_OPS
#define TEST_OPS &instanceOps
#endif

const gw_descriptor theDescriptor = {sizeof(gw_descriptor), {TEST_ID, sizeof(TEST_ID) - 1},
                                     {"Test channel", 12},  {"tests", 5},
                                     {"1.2.3", 5},          {"Apache-2.0", 10},
                                     TEST_UNLOAD,           0};
const gw_plugin thePlugin = {TEST_STRUCT_SIZE, &theDescriptor, init, deinit, TEST_OPS, getExtension};

}  // namespace

#ifndef TEST_NO_ENTRY
extern "C" __attribute__((visibility("default"))) const gw_plugin* gw_plugin_entry(uint32_t, uint32_t, uint32_t* chosen,
                                                                                   gw_err* err) {
  (void)err;
#ifdef TEST_ENTRY
  TEST_ENTRY
#else
  *chosen = GW_ABI_VERSION;
  return &thePlugin;
#endif
}
#endif

#endif
