#include "plugin/stream.h"

#include "base/log.h"
#include "plugin/stream_calls.h"
#include "plugin/stream_class.h"
#include "plugin/stream_host.h"
#include "plugin/stream_shadow.h"
#include "plugin/stream_work.h"

namespace gw::plugin {
namespace {

constexpr uint64_t kHelloAfterMs = 1500;
constexpr uint32_t kHelloTimer = 100;  // host-side ids start above the plugin's 0..7
constexpr uint32_t kGraceTimer = 101;
constexpr uint32_t kLingerMs = 2000;
constexpr uint64_t kHalfClosedMs = 1000;

gw_slice slice(std::string_view text) { return gw_slice{text.data(), text.size()}; }

}  // namespace

/// One timer of a stream; they form a short list, since most streams have one or two.
struct Stream::PluginTimer {
  PluginTimer(Stream& owner, uint32_t timerId, std::unique_ptr<PluginTimer> rest)
      : stream(owner), id(timerId), next(std::move(rest)), timer(owner.loop().timers(), &PluginTimer::fire, this) {}

  static void fire(void* self) {
    auto& timer = *static_cast<PluginTimer*>(self);
    Stream& stream = timer.stream;
    if (timer.id == kHelloTimer) {
      stream.forgetTimer(kHelloTimer);  // never set again: an idle connection need not keep it
      return stream.helloDeadline();
    }
    if (timer.id == kGraceTimer) return stream.closeNow(stream.closeCode_);
    if (stream.ended_) return;
    stream.guarded("stream.timer", [&] { stream.api().timer(stream.plugin_, timer.id, stream.loop().nowNs()); });
  }

  // Between two loops: neither queue may hold it, the deadline stays.
  void suspend() {
    wasSet = timer.isSet();
    timer.cancel();
  }
  void resume(net::TimerQueue& queue) {
    const uint64_t deadline = timer.deadlineNs();
    timer.rebind(queue);
    if (wasSet) timer.setAtNs(deadline);
  }

  Stream& stream;
  uint32_t id;
  bool wasSet = false;
  std::unique_ptr<PluginTimer> next;
  net::Timer timer;
};

Stream::Stream(StreamHost& host, uint64_t id, std::shared_ptr<Instance> instance,
               std::shared_ptr<const AccountTraits> traits, std::unique_ptr<net::Connection> connection)
    : host_(&host),
      id_(id),
      instance_(std::move(instance)),
      traits_(std::move(traits)),
      connection_(std::move(connection)) {
  instance_->counters().connections.fetch_add(1, std::memory_order_relaxed);
}

Stream::~Stream() {
  if (class_) host_->classes().release(class_);
  instance_->counters().connections.fetch_sub(1, std::memory_order_relaxed);
}

net::EventLoop& Stream::loop() { return host_->loop(); }
InputPort& Stream::port() { return host_->port(); }
bool Stream::isTextOnly() const { return class_ && (class_->flags & GW_CLASS_TEXT_ONLY); }
bool Stream::wantsReprompt() const { return class_ && (class_->flags & GW_CLASS_REPROMPT); }

std::unique_ptr<StreamContext> Stream::swapContext(std::unique_ptr<StreamContext> context) {
  std::swap(context_, context);
  return context;
}

Stream::OpenInfo::OpenInfo(const Stream& stream)
    : peer_(stream.peer().toString()), local_(stream.connection_->local().toString()) {
  info_.struct_size = sizeof info_;
  info_.peer_h = slice(peer_);
  info_.local_h = slice(local_);
  info_.listener_h = slice(stream.traits().listener);
  if (const OpenedAs* as = stream.openedAs_.get()) {
    info_.subprotocol_h = slice(as->subprotocol);
    info_.extensions_h = slice(as->extensions);
    info_.user_u64 = as->user;
    info_.is_bound = as->isBound ? 1 : 0;
  }
  info_.is_tls = stream.isTls() ? 1 : 0;
}

bool Stream::open(OpenedAs as) {
  if (as != OpenedAs{}) openedAs_ = std::make_unique<OpenedAs>(std::move(as));
  const OpenInfo told(*this);
  const gw_open_info& info = told.view();
  openedAtNs_ = loop().nowNs();
  opened_ = true;  // it may say hello from within open
  const gw_status status = guarded(
      "stream.open", [&] { return api().open(instance_->raw(), asHostConn(), &info, loop().nowNs(), &plugin_); });
  if (status != GW_OK || plugin_ == nullptr) {
    ended_ = true;
    opened_ = false;
    return false;
  }
  instance_->totals().accepted.fetch_add(1, std::memory_order_relaxed);
  instance_->counters().opened.fetch_add(1, std::memory_order_relaxed);
  if (!info.is_bound) setTimer(kHelloTimer, kHelloAfterMs);
  return true;
}

void Stream::leaveHost() {
  if (class_) {
    travelling_ = std::make_unique<ClassWish>(ClassWish{class_->key, class_->flags, class_->description});
    host_->classes().release(class_);
    class_ = nullptr;
  }
  if (work_) work_->leave();
  waiting_.reset();  // loop events stay on their loop; nothing is owed before a class is set
  for (PluginTimer* timer = timers_.get(); timer; timer = timer->next.get()) timer->suspend();
}

void Stream::enterHost(StreamHost& target) {
  host_ = &target;
  for (PluginTimer* timer = timers_.get(); timer; timer = timer->next.get()) timer->resume(target.loop().timers());
  connection_->adopt(target.loop());
  if (work_) work_->enter(target);
  if (const auto wish = std::move(travelling_))
    class_ = target.classes().acquire(instance_, wish->key, wish->flags, wish->description);
}

// A stream that shows structured events introduces itself (connect); only terminals are introduced.
void Stream::helloDeadline() {
  if (helloSeen_ || closing_ || ended_ || !isTextOnly()) return;
  gw_hello hello{};
  hello.struct_size = sizeof hello;
  hello.mode = GW_HELLO_NEW;
  hello.caps = GW_CAP_TERMINAL | GW_CAP_UTF8;
  helloSeen_ = true;
  port().hello(*this, 0, hello);
}

size_t Stream::onBytes(net::Connection&, std::string_view bytes) {
  if (ended_) return bytes.size();
  if (!opened_) return 0;
  if (helloPending_ || pausedByPlugin_) return 0;
  instance_->totals().lastActivityUs.store(host_->wallUs(), std::memory_order_relaxed);
  size_t consumed = 0;
  const gw_status status =
      guarded("stream.data", [&] { return api().data(plugin_, slice(bytes), loop().nowNs(), &consumed); });
  if (status != GW_OK && status != GW_E_AGAIN) {
    closeFromPlugin(GW_CLOSE_PROTOCOL, "plugin refused the input");
    return bytes.size();
  }
  return consumed < bytes.size() ? consumed : bytes.size();
}

void Stream::onEof(net::Connection&) {
  if (ended_ || !opened_) return;
  eofSeen_ = true;
  guarded("stream.eof", [&] { api().eof(plugin_); });
  // Nobody types on that line any more, but a half-closing client (nc -N) still reads: answers that are
  // under way get a moment. A closeCode_ of LOST leaves the session Disconnected.
  if (!ended_ && !closing_) setTimer(kGraceTimer, kHalfClosedMs);
}

void Stream::onWritable(net::Connection&) {
  if (ended_ || !opened_) return;
  guarded("stream.writable", [&] { api().writable(plugin_); });
  if (!ended_) port().writable(*this);
}

void Stream::onClosed(net::Connection&, net::CloseCause cause, std::string_view error) {
  uint32_t code = closeCode_;
  if (cause == net::CloseCause::kSlow) code = GW_CLOSE_SLOW;
  if (!error.empty()) log::debug("stream", "connection ended", {{"peer", peer().toString()}, {"why", error}});
  finish(code);
}

void Stream::finish(uint32_t code) {
  ended_ = true;
  timers_.reset();
  work_.reset();
  if (opened_) {
    opened_ = false;
    guarded("stream.closed", [&] { api().closed(plugin_, code); });
    plugin_ = nullptr;
  }
  port().closed(*this, code);  // it was admitted, whether it opened or not
  host_->drop(*this);
}

void Stream::closeNow(uint32_t code) {
  if (!ended_) closeCode_ = code;
  ended_ = true;
  connection_->close(kLingerMs);
}

void Stream::beginClose(const CloseInfo& info) {
  if (closing_ || ended_) return;
  if (inPlugin_ > 0) return deferred_.emplace_back([this, info] { beginClose(info); }), void();
  closing_ = true;
  closeCode_ = info.code;
  if (!opened_) return closeNow(info.code);
  if (setTimer(kGraceTimer, info.graceMs) != GW_OK) return closeNow(info.code);
  gw_close_info message{};
  message.struct_size = sizeof message;
  message.code = info.code;
  message.retry = info.retry ? 1 : 0;
  message.retry_after_ms = info.retryAfterMs;
  message.text_h = slice(info.text);
  guarded("stream.close_begin", [&] { api().close_begin(plugin_, &message, info.graceMs); });
}

void Stream::closeFromPlugin(uint32_t code, std::string_view reason) {
  if (shadow_) return shadow_->close();
  if (ended_) return;
  if (!reason.empty()) log::debug("stream", "plugin closes", {{"peer", peer().toString()}, {"why", reason}});
  closeNow(closing_ ? closeCode_ : code);
}

void Stream::setHelloPending(bool pending) {
  if (helloPending_ == pending) return;
  helloPending_ = pending;
  helloSeen_ = true;
  if (!pending && !ended_) connection_->kick();
}

void Stream::pauseFromPlugin() {
  if (shadow_) return shadow_->pauseReading();
  if (ended_) return;
  pausedByPlugin_ = true;
  connection_->pauseReading();
}

void Stream::resumeFromPlugin() {
  if (shadow_) return shadow_->resumeReading();
  if (ended_ || !pausedByPlugin_) return;
  pausedByPlugin_ = false;
  connection_->resumeReading();
  connection_->kick();
}

gw_status Stream::send(std::string_view bytes) {
  if (shadow_) return shadow_->send(bytes);
  if (ended_) return GW_E_STATE;
  connection_->send(bytes);
  return connection_->isAboveSoft() ? GW_E_AGAIN : GW_OK;
}

gw_status Stream::sendShared(const net::SharedBytes& bytes) {
  if (shadow_) return shadow_->sendShared(bytes);
  if (ended_) return GW_E_STATE;
  connection_->sendUnit({}, bytes, {});
  return connection_->isAboveSoft() ? GW_E_AGAIN : GW_OK;
}

gw_status Stream::setTimer(uint32_t timerId, uint64_t delayMs) {
  if (shadow_) return shadow_->setTimer(timerId, delayMs);
  if (ended_) return GW_E_STATE;
  if (timerId >= kTimers && timerId != kHelloTimer && timerId != kGraceTimer) return GW_E_INVALID;
  PluginTimer* timer = timers_.get();
  while (timer && timer->id != timerId) timer = timer->next.get();
  if (!timer) {
    timers_ = std::make_unique<PluginTimer>(*this, timerId, std::move(timers_));
    timer = timers_.get();
  }
  timer->timer.setAfterMs(delayMs);
  return GW_OK;
}

void Stream::cancelTimer(uint32_t timerId) {
  if (shadow_) return shadow_->cancelTimer(timerId);
  for (PluginTimer* timer = timers_.get(); timer; timer = timer->next.get())
    if (timer->id == timerId) timer->timer.cancel();
}

void Stream::forgetTimer(uint32_t timerId) {
  for (std::unique_ptr<PluginTimer>* link = &timers_; *link; link = &(*link)->next) {
    if ((*link)->id != timerId) continue;
    *link = std::move((*link)->next);
    return;
  }
}

gw_status Stream::setClass(uint64_t key, uint32_t flags, std::string_view description) {
  if (shadow_) return shadow_->setClass(key, flags, description);
  if (ended_) return GW_E_STATE;
  StreamClass* next = host_->classes().acquire(instance_, key, flags, description);
  if (!next) return GW_E_LIMIT;
  if (class_) host_->classes().release(class_);
  class_ = next;
  classChanged();
  return GW_OK;
}

void Stream::classChanged() {
  if (isTextOnly()) connection_->trackAcknowledged();
  if (waiting_) {
    const auto waiting = std::move(waiting_);
    for (const Waiting& unit : *waiting) deliver(*unit.event, unit.epoch, unit.seq);
  }
}

Stream::Delivered Stream::deliver(LoopEvent& event, uint64_t epoch, uint64_t seq) {
  if (ended_ || closing_) return Delivered::kClosed;
  if (inPlugin_ > 0) {
    deferred_.emplace_back([this, kept = LoopEventPtr(&event), epoch, seq] { deliver(*kept, epoch, seq); });
    return Delivered::kQueued;
  }
  if (!class_) {
    if (!waiting_) waiting_ = std::make_unique<std::vector<Waiting>>();
    if (waiting_->size() >= kMaxWaiting) return Delivered::kDropped;
    waiting_->push_back(Waiting{LoopEventPtr(&event), epoch, seq});
    return Delivered::kQueued;
  }
  const Event& content = event.event();
  if ((class_->flags & GW_CLASS_TEXT_ONLY) && content.kind == EventKind::kData) {
    noteUnit(epoch, seq);
    return Delivered::kNotShown;
  }
  const bool mayDrop = content.delivery == Delivery::kDrop || content.delivery == Delivery::kLatest;
  if (mayDrop && connection_->isAboveSoft()) return Delivered::kDropped;
  const net::SharedBytes* body = event.bodyFor(*class_);
  if (!body) {
    noteUnit(epoch, seq);
    return Delivered::kNotShown;
  }
  enqueue(event, *body, epoch, seq);
  noteUnit(epoch, seq);
  return Delivered::kQueued;
}

// What is not shown has arrived with what was sent before it.
void Stream::noteUnit(uint64_t epoch, uint64_t seq) {
  if (seq == 0 || !isTextOnly() || connection_->isClosing()) return;
  if (!units_) units_ = std::make_unique<net::OffsetLedger<UnitPosition>>();
  if (!units_->add(connection_->sentBytes(), {epoch, seq})) return;
  // Not from here: the session may be walking over the log that this would trim.
  loop().post([host = host_, id = id_] {
    if (Stream* stream = host->find(id)) stream->reportAcknowledged();
  });
}

void Stream::reportAcknowledged() {
  if (!units_) return;
  const auto reached = units_->settle(connection_->acknowledgedBytes());
  if (units_->isEmpty()) units_.reset();  // an idle connection keeps none
  if (reached) port().ack(*this, reached->epoch, reached->seq);
}

void Stream::endUnits() {
  reportAcknowledged();
  units_.reset();
}

// From within wrap or deliver it waits for a turn of its own, as noteUnit's does.
void Stream::ackFromPlugin(uint64_t epoch, uint64_t seq) {
  if (!isDelivering_) {
    if (isUsable()) port().ack(*this, epoch, seq);
    return;
  }
  loop().post([host = host_, id = id_, epoch, seq] {
    if (Stream* stream = host->find(id)) stream->ackFromPlugin(epoch, seq);
  });
}

void Stream::enqueue(LoopEvent& event, const net::SharedBytes& body, uint64_t epoch, uint64_t seq) {
  isDelivering_ = true;
  wrapAndSend(event, body, epoch, seq);
  isDelivering_ = false;
}

void Stream::wrapAndSend(LoopEvent& event, const net::SharedBytes& body, uint64_t epoch, uint64_t seq) {
  const gw_encode_ext& codec = instance_->generation().encode();
  if ((class_->flags & GW_CLASS_STREAM_TRANSFORM) && codec.deliver) {
    codec.deliver(plugin_, &event.view(), epoch, seq, slice(body.view()));
    return;
  }
  gw_wrap wrap;
  wrap.head_len = 0;
  wrap.tail_len = 0;
  if (codec.wrap(plugin_, &event.view(), epoch, seq, body.size(), &wrap) != GW_OK) return;
  if (wrap.head_len > GW_WRAP_MAX || wrap.tail_len > GW_WRAP_MAX) return;
  connection_->sendUnit({wrap.head, wrap.head_len}, body, {wrap.tail, wrap.tail_len});
}

void Stream::answer(uint64_t token, gw_status status, std::string_view json, Urgency urgency) {
  if (ended_ || !opened_) return;
  if (inPlugin_ > 0) {
    deferred_.emplace_back(
        [this, token, status, kept = std::string(json), urgency] { answer(token, status, kept, urgency); });
    return;
  }
  connection_->setPatient(urgency == Urgency::kMayWait);
  guarded("stream.event", [&] { api().event(plugin_, token, status, slice(json)); });
  connection_->setPatient(false);
}

void Stream::notice(uint32_t kind, uint64_t a, uint64_t b) {
  if (ended_ || !opened_) return;
  if (inPlugin_ > 0) return deferred_.emplace_back([this, kind, a, b] { notice(kind, a, b); }), void();
  gw_notice message{sizeof(gw_notice), kind, a, b};
  guarded("stream.notice", [&] { api().notice(plugin_, &message); });
}

void Stream::tellLogin(const LoginNews& news) {
  const gw_login_ext* table = instance_->generation().login();
  if (!table || ended_ || closing_ || !opened_) return;
  if (inPlugin_ > 0) return deferred_.emplace_back([this, news] { tellLogin(news); }), void();
  // Every token is for TLS alone: it signs in without a password, and would be read on the way.
  const gw_login_event message{sizeof(gw_login_event), news.kind,           news.token.empty() ? 0u : 1u,
                               slice(news.account),    slice(news.message), slice(news.token)};
  guarded("stream.login", [&] { table->login(plugin_, &message); });
}

}  // namespace gw::plugin
