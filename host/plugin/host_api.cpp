#include "plugin/host_api.h"

#include <atomic>
#include <exception>

#include "base/clock.h"
#include "base/log.h"
#include "gw/login.h"
#include "gw/plugin.h"
#include "gw/slice.hpp"
#include "gw/work.h"
#include "net/shared_bytes.h"
#include "plugin/instance.h"
#include "plugin/metrics_port.h"
#include "plugin/request.h"
#include "plugin/stream.h"
#include "plugin/stream_host.h"

// Every function here is called from foreign code: none may throw across.

namespace gw::plugin {
namespace {

constexpr size_t kMaxLogBytes = 1024;
constexpr size_t kMaxLogFields = 8;
constexpr size_t kMaxBodyBytes = 4 << 20;

std::string_view view(gw_slice text) { return text.len ? std::string_view(text.ptr, text.len) : std::string_view(); }
gw_slice slice(std::string_view text) { return gw_slice{text.data(), text.size()}; }

template <typename F>
gw_status guardedStatus(F&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return GW_E_NOMEM;
  } catch (const std::exception& problem) {
    log::error("plugin", "host function failed", {{"error", problem.what()}});
    return GW_E_INTERNAL;
  }
}

// At most kLogsPerSecond lines a second from all plugins together; how many were lost is said after.
bool mayLog() {
  constexpr uint32_t kLogsPerSecond = 200;
  static std::atomic<uint64_t> second{0};
  static std::atomic<uint32_t> used{0};
  static std::atomic<uint32_t> lost{0};
  const uint64_t now = systemClock().nowNs() / 1'000'000'000;
  if (second.exchange(now) != now) {
    used = 0;
    if (const uint32_t count = lost.exchange(0))
      log::warn("plugin", "log lines of plugins were dropped", {{"lines", count}});
  }
  if (used.fetch_add(1) < kLogsPerSecond) return true;
  lost.fetch_add(1);
  return false;
}

// --- base ---------------------------------------------------------------------------------------

void logMessage(gw_host_inst* inst, int32_t level, gw_slice message, const gw_log_field* fields, size_t count) {
  guardedStatus([&] {
    std::vector<log::Field> out;
    for (size_t i = 0; i < count && i < kMaxLogFields; ++i)
      out.emplace_back(view(fields[i].key), view(fields[i].value));
    const auto wanted = level <= GW_LOG_DEBUG  ? log::Level::kDebug
                        : level == GW_LOG_INFO ? log::Level::kInfo
                        : level == GW_LOG_WARN ? log::Level::kWarn
                                               : log::Level::kError;
    const std::string area = inst ? "channel." + Instance::from(inst).accountId() : std::string("channel");
    if (!mayLog()) return GW_OK;
    log::write(wanted, area, log::quoted(view(message).substr(0, kMaxLogBytes)), out.data(), out.size());
    return GW_OK;
  });
}

gw_buf* bufNew(gw_slice bytes) {
  try {
    return static_cast<gw_buf*>(net::SharedBytes(view(bytes)).release());
  } catch (const std::exception&) {
    return nullptr;
  }
}
void bufRef(gw_buf* buf) { net::SharedBytes::share(buf).release(); }
void bufUnref(gw_buf* buf) { net::SharedBytes::adopt(buf); }
gw_slice bufBytes(const gw_buf* buf) {
  const auto shared = net::SharedBytes::share(const_cast<gw_buf*>(buf));
  return slice(shared.view());
}

gw_status builderAppend(gw_builder* builder, gw_slice bytes) {
  return guardedStatus([&] {
    auto& out = *reinterpret_cast<std::string*>(builder);
    if (out.size() + bytes.len > kMaxBodyBytes) return static_cast<gw_status>(GW_E_LIMIT);
    out.append(view(bytes));
    return static_cast<gw_status>(GW_OK);
  });
}

gw_status metricDefine(gw_host_inst* inst, uint32_t kind, gw_slice name, gw_slice help, uint32_t* out) {
  if (kind != GW_METRIC_COUNTER && kind != GW_METRIC_GAUGE) return GW_E_UNSUPPORTED;
  return guardedStatus([&] {
    const auto metric = defineMetric(Instance::from(inst).accountId(), kind == GW_METRIC_GAUGE, view(name), view(help));
    if (!metric) return static_cast<gw_status>(GW_E_LIMIT);
    *out = *metric;
    return static_cast<gw_status>(GW_OK);
  });
}
void metricAdd(gw_host_inst*, uint32_t metric, int64_t delta) { addMetric(metric, delta); }
void metricSet(gw_host_inst*, uint32_t metric, int64_t value) { setMetric(metric, value); }

// --- stream -------------------------------------------------------------------------------------

gw_status send(gw_host_conn* conn, gw_slice bytes) {
  return guardedStatus([&] { return Stream::from(conn).send(view(bytes)); });
}
gw_status sendBuf(gw_host_conn* conn, gw_buf* buf) {
  return guardedStatus([&] { return Stream::from(conn).sendShared(net::SharedBytes::share(buf)); });
}
void closeStream(gw_host_conn* conn, uint32_t code, gw_slice reason) {
  guardedStatus([&] { return Stream::from(conn).closeFromPlugin(code, view(reason)), GW_OK; });
}
void readPause(gw_host_conn* conn) { Stream::from(conn).pauseFromPlugin(); }
void readResume(gw_host_conn* conn) { Stream::from(conn).resumeFromPlugin(); }
gw_status timerSet(gw_host_conn* conn, uint32_t id, uint64_t delayMs) {
  if (id > 7) return GW_E_INVALID;
  return guardedStatus([&] { return Stream::from(conn).setTimer(id, delayMs); });
}
void timerCancel(gw_host_conn* conn, uint32_t id) {
  if (id <= 7) Stream::from(conn).cancelTimer(id);
}
gw_status setClass(gw_host_conn* conn, uint64_t key, uint32_t flags, gw_slice description) {
  constexpr uint32_t kKnown = GW_CLASS_STREAM_TRANSFORM | GW_CLASS_REPROMPT | GW_CLASS_TEXT_ONLY;
  if ((flags & ~kKnown) != 0) return GW_E_UNSUPPORTED;
  return guardedStatus([&] { return Stream::from(conn).setClass(key, flags, view(description)); });
}
gw_status hello(gw_host_conn* conn, uint64_t token, const gw_hello* message) {
  return guardedStatus([&] {
    Stream& stream = Stream::from(conn);
    if (!stream.isUsable()) return static_cast<gw_status>(GW_E_STATE);
    if (stream.isHelloPending()) return static_cast<gw_status>(GW_E_AGAIN);
    const gw_hello written = sdk::asWritten(*message);
    if (written.mode != GW_HELLO_NEW && written.mode != GW_HELLO_RESUME)
      return static_cast<gw_status>(GW_E_UNSUPPORTED);
    stream.noteHello();
    return stream.port().hello(stream, token, written);
  });
}
gw_status submit(gw_host_conn* conn, uint64_t token, const gw_input* input) {
  return guardedStatus([&] {
    Stream& stream = Stream::from(conn);
    if (!stream.isUsable()) return static_cast<gw_status>(GW_E_STATE);
    if (stream.isHelloPending()) return static_cast<gw_status>(GW_E_AGAIN);
    const gw_input written = sdk::asWritten(*input);
    if (written.kind > GW_INPUT_PING) return static_cast<gw_status>(GW_E_UNSUPPORTED);
    return stream.port().submit(stream, token, written);
  });
}
void ack(gw_host_conn* conn, uint64_t epoch, uint64_t seq) {
  guardedStatus([&] {
    Stream::from(conn).ackFromPlugin(epoch, seq);
    return GW_OK;
  });
}
gw_status frame(gw_host_conn* conn, gw_slice utf8) {
  return guardedStatus([&] {
    Stream& stream = Stream::from(conn);
    if (!stream.isUsable()) return static_cast<gw_status>(GW_E_STATE);
    if (stream.isHelloPending()) return static_cast<gw_status>(GW_E_AGAIN);
    stream.noteHello();
    return stream.port().frame(stream, view(utf8));
  });
}
gw_status charge(gw_host_conn* conn, uint32_t units) {
  return guardedStatus([&] {
    Stream& stream = Stream::from(conn);
    return stream.isUsable() ? stream.port().charge(stream, units) : static_cast<gw_status>(GW_E_STATE);
  });
}
gw_slice eventPayload(const gw_event* event) {
  // host_h is always the LoopEvent whose view this is (LoopEvent::buildView).
  return const_cast<LoopEvent*>(static_cast<const LoopEvent*>(event->host_h))->payload();
}
uint64_t nowNs() { return systemClock().nowNs(); }

gw_status signIn(gw_host_conn* conn, const gw_sign_in* wish) {
  return guardedStatus([&] {
    Stream& stream = Stream::from(conn);
    if (!stream.isUsable()) return static_cast<gw_status>(GW_E_STATE);
    if (stream.isHelloPending()) return static_cast<gw_status>(GW_E_AGAIN);
    return stream.port().signIn(stream, sdk::asWritten(*wish));
  });
}

gw_status startWork(gw_host_conn* conn, const gw_work_order* order) {
  return guardedStatus([&] { return Stream::from(conn).startWork(sdk::asWritten(*order)); });
}

// --- http ---------------------------------------------------------------------------------------

gw_status requestBind(gw_host_req* req, uint32_t kind, gw_slice credential, uint64_t epoch, uint64_t seq,
                      uint64_t token) {
  return guardedStatus([&] {
    Request& request = Request::from(req);
    if (!request.isOpen()) return static_cast<gw_status>(GW_E_STATE);
    if (kind < GW_BIND_BEARER || kind > GW_BIND_ATTACH) return static_cast<gw_status>(GW_E_UNSUPPORTED);
    return request.host().port().bindRequest(request.shared_from_this(), kind, view(credential), epoch, seq, token);
  });
}
gw_status requestFrame(gw_host_req* req, gw_slice bearer, gw_slice utf8, uint64_t token) {
  return guardedStatus([&] {
    Request& request = Request::from(req);
    if (!request.isOpen()) return static_cast<gw_status>(GW_E_STATE);
    return request.host().port().frameRequest(request.shared_from_this(), view(bearer), view(utf8), token);
  });
}
gw_status httpAccept(gw_host_req* req, uint32_t mode, const gw_header* headers, size_t count, gw_slice subprotocol,
                     gw_slice extensions, uint64_t user) {
  return guardedStatus(
      [&] { return Request::from(req).accept(mode, headers, count, view(subprotocol), view(extensions), user); });
}
gw_status httpReply(gw_host_req* req, uint32_t status, const gw_header* headers, size_t count, gw_slice body) {
  return guardedStatus([&] { return Request::from(req).reply(status, headers, count, view(body)); });
}

const void* getExtension(gw_slice id) {
  static const gw_host_login login{sizeof login, signIn};
  static const gw_host_work work{sizeof work, startWork};
  if (view(id) == GW_EXT_LOGIN) return &login;
  return view(id) == GW_EXT_WORK ? &work : nullptr;
}

}  // namespace

const gw_host& hostTable() {
  static const gw_host_base base{sizeof base, logMessage,    bufNew,       bufRef,    bufUnref,
                                 bufBytes,    builderAppend, metricDefine, metricAdd, metricSet};
  static const gw_host_stream stream{sizeof stream, send,        sendBuf,      closeStream, readPause, readResume,
                                     timerSet,      timerCancel, setClass,     hello,       submit,    ack,
                                     frame,         charge,      eventPayload, nowNs};
  static const gw_host_http http{sizeof http, requestBind, requestFrame, httpAccept, httpReply};
  static const gw_host host{sizeof host, GW_ABI_VERSION, {GW_SDK_VERSION, sizeof GW_SDK_VERSION - 1}, &base, &stream,
                            &http,       getExtension};
  return host;
}

}  // namespace gw::plugin
