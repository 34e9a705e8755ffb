// The host's function tables, as plain functions that record into FakeConn, FakeRequest and FakeHost.
#include "testing/fake_tables.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "gw/slice.hpp"
#include "testing/plugin_call.h"

struct gw_buf {
  std::string bytes;
  std::atomic<int> refs = 1;
};

namespace gw::testing {

FakeHost* FakeTables::current = nullptr;

std::string FakeTables::str(gw_slice slice) {
  return slice.len == 0 ? std::string{} : std::string(slice.ptr, slice.len);
}

namespace {

FakeRequest& requestOf(gw_host_req* raw) { return *reinterpret_cast<FakeRequest*>(raw); }

std::atomic<size_t> buffersAlive = 0;

/// In a callback, and in another one. A test that calls the plugin's tables itself is in none.
bool isElsewhereThan(const char* function) {
  const PluginCall* call = PluginCall::current();
  return call != nullptr && std::string_view(call->function()) != function;
}

Headers headersOf(const gw_header* headers, size_t count) {
  Headers out;
  for (size_t i = 0; i < count; ++i) {
    out.emplace_back(FakeTables::str(headers[i].name), FakeTables::str(headers[i].value));
  }
  return out;
}

}  // namespace

size_t liveBuffers() { return buffersAlive; }

// --- gw_host_stream

FakeConn* FakeTables::admitted(gw_host_conn* conn, const char* function, FakeConn::Reach reach) {
  auto* self = reinterpret_cast<FakeConn*>(conn);
  if (current == nullptr) return nullptr;
  if (!current->isAlive(self)) {
    current->violations_.add(std::string(function) + " was called with a connection that is gone");
    return nullptr;
  }
  return self->admits(function, reach) ? self : nullptr;
}

gw_status FakeTables::violated(std::string sentence, gw_status status) {
  if (current != nullptr) current->violations_.add(std::move(sentence));
  return status;
}

gw_status FakeTables::send(gw_host_conn* conn, gw_slice bytes) {
  const HostCall host;
  FakeConn* self = admitted(conn, "send", FakeConn::Reach::kAlsoShadow);
  if (self == nullptr) return GW_E_STATE;
  self->sent_ += str(bytes);
  return self->sendResult;
}

gw_status FakeTables::sendBuf(gw_host_conn* conn, gw_buf* buf) {
  return send(conn, {buf->bytes.data(), buf->bytes.size()});
}

void FakeTables::close(gw_host_conn* conn, uint32_t code, gw_slice reason) {
  const HostCall host;
  if (FakeConn* self = admitted(conn, "close", FakeConn::Reach::kAlsoShadow))
    self->close_ = RecordedClose{code, str(reason)};
}

void FakeTables::readPause(gw_host_conn* conn) {
  const HostCall host;
  if (FakeConn* self = admitted(conn, "read_pause", FakeConn::Reach::kAlsoShadow)) self->readPaused_ = true;
}

void FakeTables::readResume(gw_host_conn* conn) {
  const HostCall host;
  FakeConn* self = admitted(conn, "read_resume", FakeConn::Reach::kAlsoShadow);
  if (self == nullptr) return;
  self->wantsOffer_ = self->wantsOffer_ || self->readPaused_;
  self->readPaused_ = false;
}

gw_status FakeTables::timerSet(gw_host_conn* conn, uint32_t id, uint64_t delayMs) {
  const HostCall host;
  if (id > 7)
    return violated("timer_set was called with id " + std::to_string(id) + "; there are 0 to 7", GW_E_INVALID);
  FakeConn* self = admitted(conn, "timer_set", FakeConn::Reach::kAlsoShadow);
  if (self == nullptr) return GW_E_STATE;
  self->timers_[id] = self->host_.nowMs_ + delayMs;
  return GW_OK;
}

void FakeTables::timerCancel(gw_host_conn* conn, uint32_t id) {
  const HostCall host;
  if (FakeConn* self = admitted(conn, "timer_cancel", FakeConn::Reach::kAlsoShadow)) self->timers_.erase(id);
}

gw_status FakeTables::setClass(gw_host_conn* conn, uint64_t key, uint32_t flags, gw_slice description) {
  const HostCall host;
  constexpr uint32_t kKnown = GW_CLASS_STREAM_TRANSFORM | GW_CLASS_REPROMPT | GW_CLASS_TEXT_ONLY;
  if ((flags & ~kKnown) != 0) return GW_E_UNSUPPORTED;
  FakeConn* self = admitted(conn, "set_class", FakeConn::Reach::kAlsoShadow);
  if (self == nullptr) return GW_E_STATE;
  self->classes_.push_back({key, flags, str(description)});
  self->hasClass_ = true;
  return GW_OK;
}

gw_status FakeTables::hello(gw_host_conn* conn, uint64_t token, const gw_hello* theirs) {
  const HostCall host;
  FakeConn* self = admitted(conn, "hello", FakeConn::Reach::kLiveOnly);
  if (self == nullptr) return GW_E_STATE;
  if (self->options_.isBound) return violated("hello was called on a stream that is bound", GW_E_STATE);
  if (self->pendingHello_.has_value()) return GW_E_AGAIN;
  const gw_hello hello = sdk::asWritten(*theirs);
  if (hello.mode != GW_HELLO_NEW && hello.mode != GW_HELLO_RESUME) return GW_E_UNSUPPORTED;
  self->hellos_.push_back({token, hello.mode, hello.caps, hello.width, hello.height, str(hello.credential_p),
                           str(hello.device_p), str(hello.game_session_p), str(hello.attempt_p), str(hello.client_p),
                           hello.epoch, hello.last_seq});
  self->pendingHello_ = token;
  return GW_OK;
}

gw_status FakeTables::submit(gw_host_conn* conn, uint64_t token, const gw_input* theirs) {
  const HostCall host;
  FakeConn* self = admitted(conn, "submit", FakeConn::Reach::kLiveOnly);
  if (self == nullptr) return GW_E_STATE;
  if (self->pendingHello_.has_value()) return GW_E_AGAIN;
  const gw_input input = sdk::asWritten(*theirs);
  if (input.kind > GW_INPUT_PING) return GW_E_UNSUPPORTED;
  if (self->isRefusedOnce()) return GW_E_AGAIN;
  if (self->submitResult != GW_OK) return self->submitResult;
  self->inputs_.push_back(
      {token, input.kind, input.client_seq, input.caps, input.width, input.height, str(input.text_p)});
  return GW_OK;
}

void FakeTables::ack(gw_host_conn* conn, uint64_t epoch, uint64_t seq) {
  const HostCall host;
  if (FakeConn* self = admitted(conn, "ack", FakeConn::Reach::kLiveOnly)) self->acks_.emplace_back(epoch, seq);
}

gw_status FakeTables::frame(gw_host_conn* conn, gw_slice utf8) {
  const HostCall host;
  FakeConn* self = admitted(conn, "frame", FakeConn::Reach::kLiveOnly);
  if (self == nullptr) return GW_E_STATE;
  if (self->pendingHello_.has_value() || self->isRefusedOnce()) return GW_E_AGAIN;
  if (self->frameResult != GW_OK) return self->frameResult;
  self->frames_.push_back(str(utf8));
  return GW_OK;
}

gw_status FakeTables::charge(gw_host_conn* conn, uint32_t units) {
  const HostCall host;
  FakeConn* self = admitted(conn, "charge", FakeConn::Reach::kLiveOnly);
  if (self == nullptr) return GW_E_STATE;
  self->charged_ += units;
  return self->charged_ > self->chargeLimit ? GW_E_LIMIT : GW_OK;
}

gw_slice FakeTables::eventPayload(const gw_event* event) {
  const auto& payload = static_cast<const FakeEvent*>(event->host_h)->payload;
  return {payload.data(), payload.size()};
}

uint64_t FakeTables::nowNs() { return current == nullptr ? 0 : current->nowNs(); }

// --- gw_host_login

gw_status FakeTables::signIn(gw_host_conn* conn, const gw_sign_in* theirs) {
  const HostCall host;
  FakeConn* self = admitted(conn, "sign_in", FakeConn::Reach::kLiveOnly);
  if (self == nullptr) return GW_E_STATE;
  if (self->pendingHello_.has_value()) return GW_E_AGAIN;
  if (self->signInResult != GW_OK) return self->signInResult;
  const gw_sign_in wish = sdk::asWritten(*theirs);
  self->signIns_.push_back(
      {wish.kind, (wish.flags & GW_SIGN_IN_WANTS_TOKEN) != 0, str(wish.account_p), str(wish.secret_p)});
  return GW_OK;
}

// --- gw_host_work

gw_status FakeTables::startWork(gw_host_conn* conn, const gw_work_order* theirs) {
  const HostCall host;
  FakeConn* self = admitted(conn, "start (gw.work)", FakeConn::Reach::kLiveOnly);
  return self == nullptr ? static_cast<gw_status>(GW_E_STATE) : self->startWork(sdk::asWritten(*theirs));
}

const void* FakeTables::extension(gw_slice id) {
  static constexpr gw_host_login kLogin{sizeof(gw_host_login), signIn};
  static constexpr gw_host_work kWork{sizeof(gw_host_work), startWork};
  const HostCall host;
  if (str(id) == GW_EXT_LOGIN) return &kLogin;
  return str(id) == GW_EXT_WORK ? &kWork : nullptr;
}

// --- gw_host_http

gw_status FakeTables::requestBind(gw_host_req* req, uint32_t kind, gw_slice credential, uint64_t epoch, uint64_t seq,
                                  uint64_t token) {
  const HostCall host;
  FakeRequest& self = requestOf(req);
  if (self.reply.has_value() || self.accept.has_value())
    return violated("request_bind was called for a request that has ended", GW_E_STATE);
  if (kind < GW_BIND_BEARER || kind > GW_BIND_ATTACH) return GW_E_UNSUPPORTED;
  self.binds.push_back({kind, str(credential), epoch, seq, token});
  self.lastToken_ = token;
  return GW_OK;
}

gw_status FakeTables::requestFrame(gw_host_req* req, gw_slice bearer, gw_slice utf8, uint64_t token) {
  const HostCall host;
  FakeRequest& self = requestOf(req);
  if (self.reply.has_value() || self.accept.has_value())
    return violated("request_frame was called for a request that has ended", GW_E_STATE);
  self.frames.push_back({str(bearer), str(utf8), token});
  self.lastToken_ = token;
  return GW_OK;
}

gw_status FakeTables::httpAccept(gw_host_req* req, uint32_t mode, const gw_header* headers, size_t count,
                                 gw_slice subprotocol, gw_slice extensions, uint64_t user) {
  const HostCall host;
  FakeRequest& self = requestOf(req);
  if (self.reply.has_value() || self.accept.has_value())
    return violated("http_accept was called for a request that has ended", GW_E_STATE);
  if (mode != GW_ACCEPT_UPGRADE && mode != GW_ACCEPT_STREAM) return GW_E_UNSUPPORTED;
  self.accept = FakeRequest::Accept{mode, headersOf(headers, count), str(subprotocol), str(extensions), user};
  return GW_OK;
}

gw_status FakeTables::httpReply(gw_host_req* req, uint32_t status, const gw_header* headers, size_t count,
                                gw_slice body) {
  const HostCall host;
  FakeRequest& self = requestOf(req);
  if (self.reply.has_value() || self.accept.has_value())
    return violated("http_reply was called for a request that has ended", GW_E_STATE);
  self.reply = FakeRequest::Reply{status, headersOf(headers, count), str(body)};
  return GW_OK;
}

// --- gw_host_base

void FakeTables::log(gw_host_inst*, int32_t level, gw_slice message, const gw_log_field* fields, size_t count) {
  const HostCall host;
  if (current == nullptr) return;
  RecordedLog record{level, str(message), {}};
  for (size_t i = 0; i < count; ++i) record.fields.emplace_back(str(fields[i].key), str(fields[i].value));
  const std::lock_guard lock(current->mutex_);
  current->logs_.push_back(std::move(record));
}

gw_buf* FakeTables::bufNew(gw_slice bytes) {
  const HostCall host;
  auto* made = new (std::nothrow) gw_buf{str(bytes), 1};
  if (made != nullptr) ++buffersAlive;
  return made;
}
void FakeTables::bufRef(gw_buf* buf) { ++buf->refs; }
void FakeTables::bufUnref(gw_buf* buf) {
  const HostCall host;
  if (--buf->refs > 0) return;
  --buffersAlive;
  delete buf;
}
gw_slice FakeTables::bufBytes(const gw_buf* buf) { return {buf->bytes.data(), buf->bytes.size()}; }

gw_status FakeTables::builderAppend(gw_builder* builder, gw_slice bytes) {
  const HostCall host;
  if (isElsewhereThan("encode")) return violated("builder_append was called outside of encode", GW_E_STATE);
  reinterpret_cast<std::string*>(builder)->append(str(bytes));
  return GW_OK;
}

gw_status FakeTables::metricDefine(gw_host_inst*, uint32_t kind, gw_slice name, gw_slice, uint32_t* metric) {
  const HostCall host;
  if (kind != GW_METRIC_COUNTER && kind != GW_METRIC_GAUGE) return GW_E_UNSUPPORTED;
  if (current == nullptr) return GW_E_STATE;
  if (isElsewhereThan("create")) violated("metric_define was called outside of create", GW_OK);
  const std::lock_guard lock(current->mutex_);
  auto& metrics = current->metrics_;
  const std::string wanted = str(name);
  const auto found =
      std::find_if(metrics.begin(), metrics.end(), [&](const auto& each) { return each.name == wanted; });
  *metric = static_cast<uint32_t>(found - metrics.begin());
  if (found == metrics.end()) metrics.push_back({wanted, 0});
  return GW_OK;
}

void FakeTables::changeMetric(uint32_t metric, const char* function, int64_t value, bool isAdded) {
  const HostCall host;
  if (current == nullptr) return;
  {
    const std::lock_guard lock(current->mutex_);
    if (metric < current->metrics_.size()) {
      int64_t& kept = current->metrics_[metric].value;
      kept = isAdded ? kept + value : value;
      return;
    }
  }
  violated(std::string(function) + " was called with a metric that was never defined", GW_OK);
}
void FakeTables::metricAdd(gw_host_inst*, uint32_t metric, int64_t delta) {
  changeMetric(metric, "metric_add", delta, true);
}
void FakeTables::metricSet(gw_host_inst*, uint32_t metric, int64_t value) {
  changeMetric(metric, "metric_set", value, false);
}

const gw_host& FakeTables::host() {
  static constexpr gw_host_base kBase{sizeof(gw_host_base), log,          bufNew,    bufRef,   bufUnref, bufBytes,
                                      builderAppend,        metricDefine, metricAdd, metricSet};
  static constexpr gw_host_stream kStream{sizeof(gw_host_stream),
                                          send,
                                          sendBuf,
                                          close,
                                          readPause,
                                          readResume,
                                          timerSet,
                                          timerCancel,
                                          setClass,
                                          hello,
                                          submit,
                                          ack,
                                          frame,
                                          charge,
                                          eventPayload,
                                          nowNs};
  static constexpr gw_host_http kHttp{sizeof(gw_host_http), requestBind, requestFrame, httpAccept, httpReply};
  static constexpr gw_host kHost{sizeof(gw_host), GW_ABI_VERSION, {"fake", 4}, &kBase, &kStream, &kHttp, extension};
  return kHost;
}

}  // namespace gw::testing
