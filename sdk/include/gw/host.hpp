#ifndef GW_HOST_HPP
#define GW_HOST_HPP
// The host's functions as methods. Every handle here is a pointer in a coat: cheap to copy, owned by
// the host. The thread rules of gw/host.h hold: HostConn only in a callback of that connection
// ([loop]); HostInst and log from any thread.

#include <chrono>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "gw/host.h"
#include "gw/login.h"
#include "gw/slice.hpp"
#include "gw/work.h"

namespace gw::sdk {

namespace detail {
// Set by gw_plugin.init, before any other call; constant afterwards. Hidden visibility gives each
// plugin library its own.
inline const gw_host* hostTable = nullptr;

template <auto Job>
gw_status runJob(const gw_work_call* raw) noexcept;  // gw/work.hpp
}  // namespace detail

/// [any] The host's tables. Not before init.
inline const gw_host& host() noexcept { return *detail::hostTable; }

/// A channel account, as the host knows it. [any]
class HostInst {
 public:
  using Field = std::pair<std::string_view, std::string_view>;

  HostInst() = default;
  explicit HostInst(gw_host_inst* raw) : raw_(raw) {}
  gw_host_inst* raw() const noexcept { return raw_; }

  /// level: GW_LOG_*. At most 8 fields are passed on. Never log credentials.
  void log(int32_t level, std::string_view message, std::initializer_list<Field> fields = {}) const noexcept {
    if (detail::hostTable == nullptr) return;
    gw_log_field out[8];
    size_t count = 0;
    for (const Field& field : fields) {
      if (count == std::size(out)) break;
      out[count++] = {slice(field.first), slice(field.second)};
    }
    host().base->log(raw_, level, slice(message), out, count);
  }

 private:
  gw_host_inst* raw_ = nullptr;
};

/// A figure of an instance; its identity is (plugin, instance, name), so it survives a reload.
/// Defined [control] in the channel's constructor; add and set from any thread.
class Metric {
 public:
  Metric() = default;
  /// kind: GW_METRIC_*. If the host refuses, the metric stays inert.
  Metric(HostInst inst, uint32_t kind, std::string_view name, std::string_view help) noexcept : inst_(inst) {
    isDefined_ = host().base->metric_define(inst.raw(), kind, slice(name), slice(help), &id_) == GW_OK;
  }
  void add(int64_t delta = 1) const noexcept {
    if (isDefined_) host().base->metric_add(inst_.raw(), id_, delta);
  }
  void set(int64_t value) const noexcept {
    if (isDefined_) host().base->metric_set(inst_.raw(), id_, value);
  }

 private:
  HostInst inst_;
  uint32_t id_ = 0;
  bool isDefined_ = false;
};

/// gw_hello with views; see there.
struct Hello {
  uint32_t mode = GW_HELLO_NEW;
  uint32_t caps = 0;  // GW_CAP_*
  uint32_t width = 0;
  uint32_t height = 0;
  std::string_view credential{};
  std::string_view device{};
  std::string_view gameSession{};
  std::string_view attempt{};
  std::string_view client{};
  uint64_t epoch = 0;
  uint64_t lastSeq = 0;
};

/// A live stream of a client, as the host knows it. [loop], in a callback of this connection only.
class HostConn {
 public:
  HostConn() = default;
  explicit HostConn(gw_host_conn* raw) : raw_(raw) {}
  gw_host_conn* raw() const noexcept { return raw_; }

  /// GW_E_AGAIN: queued, but stop until onWritable. GW_E_STATE: closed.
  gw_status send(std::string_view bytes) const noexcept { return table().send(raw_, slice(bytes)); }
  gw_status sendBuf(gw_buf* buf) const noexcept { return table().send_buf(raw_, buf); }
  /// Ends the stream once what is queued has been written; only onClosed follows. code: GW_CLOSE_*.
  void close(uint32_t code, std::string_view reason = {}) const noexcept { table().close(raw_, code, slice(reason)); }
  void readPause() const noexcept { table().read_pause(raw_); }
  void readResume() const noexcept { table().read_resume(raw_); }
  /// One-shot; id 0..7, setting it again replaces it.
  gw_status timerSet(uint32_t id, std::chrono::milliseconds delay) const noexcept {
    return table().timer_set(raw_, id, static_cast<uint64_t>(delay.count() < 0 ? 0 : delay.count()));
  }
  void timerCancel(uint32_t id) const noexcept { table().timer_cancel(raw_, id); }
  /// What a body depends on; flags: GW_CLASS_*. Events wait until the first call.
  gw_status setClass(uint64_t key, uint32_t flags, std::string_view description) const noexcept {
    return table().set_class(raw_, key, flags, slice(description));
  }
  gw_status hello(uint64_t token, const Hello& hello) const noexcept {
    const gw_hello out{sizeof(gw_hello),     hello.mode,
                       hello.caps,           hello.width,
                       hello.height,         slice(hello.credential),
                       slice(hello.device),  slice(hello.gameSession),
                       slice(hello.attempt), slice(hello.client),
                       hello.epoch,          hello.lastSeq};
    return table().hello(raw_, token, &out);
  }
  /// GW_E_AGAIN: keep the line and stop consuming. GW_E_LIMIT: refused, the host has told the client.
  gw_status submitLine(std::string_view text, uint64_t token = 0) const noexcept {
    return submit(token, {sizeof(gw_input), GW_INPUT_LINE, 0, 0, 0, 0, slice(text)});
  }
  gw_status submitCommand(uint64_t clientSeq, std::string_view text, uint64_t token = 0) const noexcept {
    return submit(token, {sizeof(gw_input), GW_INPUT_COMMAND, clientSeq, 0, 0, 0, slice(text)});
  }
  gw_status submitCaps(uint32_t caps, uint32_t width, uint32_t height) const noexcept {
    return submit(0, {sizeof(gw_input), GW_INPUT_CAPS, 0, caps, width, height, gw_slice{nullptr, 0}});
  }
  gw_status submitPing() const noexcept {
    return submit(0, {sizeof(gw_input), GW_INPUT_PING, 0, 0, 0, 0, gw_slice{nullptr, 0}});
  }
  gw_status submit(uint64_t token, const gw_input& input) const noexcept { return table().submit(raw_, token, &input); }
  void ack(uint64_t epoch, uint64_t seq) const noexcept { table().ack(raw_, epoch, seq); }
  /// One gateway.v1 frame or array of frames, parsed and answered by the host.
  gw_status frame(std::string_view json) const noexcept { return table().frame(raw_, slice(json)); }
  /// gw_host_login.sign_in; GW_E_UNSUPPORTED if the host has none. kind: GW_SIGN_IN_*.
  gw_status signIn(uint32_t kind, std::string_view account, std::string_view secret, bool wantsToken) const noexcept {
    const auto* login = static_cast<const gw_host_login*>(host().get_extension(slice(GW_EXT_LOGIN)));
    if (login == nullptr) return GW_E_UNSUPPORTED;
    const uint32_t flags = wantsToken ? static_cast<uint32_t>(GW_SIGN_IN_WANTS_TOKEN) : 0u;
    const gw_sign_in out{sizeof(gw_sign_in), kind, flags, slice(account), slice(secret)};
    return login->sign_in(raw_, &out);
  }
  /// Runs Job(WorkCall&) on a thread that may block; Stream::onWork gets the answer (gw/work.h, gw_host_work.start).
  /// GW_E_UNSUPPORTED if the host has no such threads.
  template <auto Job>
  gw_status work(uint64_t token, std::chrono::milliseconds deadline, std::string_view input = {}) const noexcept {
    const auto* threads = static_cast<const gw_host_work*>(host().get_extension(slice(GW_EXT_WORK)));
    if (threads == nullptr) return GW_E_UNSUPPORTED;
    const auto deadlineMs = static_cast<uint64_t>(deadline.count() < 0 ? 0 : deadline.count());
    const gw_work_order out{sizeof(gw_work_order), token, deadlineMs, &detail::runJob<Job>, slice(input)};
    return threads->start(raw_, &out);
  }
  /// Counts inbound protocol units; GW_E_LIMIT: close with GW_CLOSE_RATE_LIMIT.
  gw_status charge(uint32_t units = 1) const noexcept { return table().charge(raw_, units); }

 private:
  static const gw_host_stream& table() noexcept { return *host().stream; }
  gw_host_conn* raw_ = nullptr;
};

}  // namespace gw::sdk
#endif  // GW_HOST_HPP
