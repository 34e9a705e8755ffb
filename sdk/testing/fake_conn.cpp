// FakeConn: one connection, driven the way the host's stream side drives it.
#include <algorithm>

#include "testing/fake_host.h"
#include "testing/fake_tables.h"
#include "testing/guarded.h"
#include "testing/plugin_call.h"

namespace gw::testing {
namespace {

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }

gw_event rawEvent(const FakeEvent& event) {
  return {sizeof(gw_event),
          event.delivery,
          event.kind,
          event.flags,
          sliceOf(event.name),
          sliceOf(event.text),
          event.spans.empty() ? nullptr : event.spans.data(),
          event.spans.size(),
          event.stateVersion,
          &event,
          sliceOf(event.terminal)};
}

}  // namespace

FakeEvent FakeEvent::line(std::string text, std::vector<gw_span> spans) {
  FakeEvent event;
  event.text = std::move(text);
  event.spans = std::move(spans);
  return event;
}

FakeEvent FakeEvent::prompt(std::string text, uint32_t flags) {
  FakeEvent event;
  event.kind = GW_KIND_PROMPT;
  event.delivery = GW_DELIVERY_LATEST;
  event.flags = flags;
  event.name = "prompt";
  event.text = std::move(text);
  return event;
}

FakeEvent FakeEvent::data(std::string name, std::string payload) {
  FakeEvent event;
  event.kind = GW_KIND_DATA;
  event.delivery = GW_DELIVERY_DROP;
  event.name = std::move(name);
  event.payload = std::move(payload);
  return event;
}

FakeConn::FakeConn(FakeHost& host, FakeGeneration& generation, OpenOptions options)
    : host_(host), generation_(&generation), options_(std::move(options)) {
  const std::lock_guard lock(host_.mutex_);
  host_.conns_.push_back(this);
}

FakeConn::~FakeConn() {
  closed(close_.has_value() ? close_->code : static_cast<uint32_t>(GW_CLOSE_LOST));
  const std::lock_guard lock(host_.mutex_);
  std::erase(host_.conns_, this);
}

gw_open_info FakeConn::info() const {
  return {
      sizeof(gw_open_info),          sliceOf(options_.peer),       sliceOf(options_.local), sliceOf(options_.listener),
      sliceOf(options_.subprotocol), sliceOf(options_.extensions), options_.user,           options_.isTls ? 1u : 0u,
      options_.isBound ? 1u : 0u};
}

bool FakeConn::admits(const char* function, Reach reach) {
  const PluginCall* call = PluginCall::current();
  if (phase_ == Phase::kSilent) {
    isMisused_ = true;
    host_.violations_.add(std::string(function) + " was called in " +
                          (call == nullptr ? "no callback" : call->function()) +
                          ", where nothing of the connection may be");
    return false;
  }
  if (call == nullptr || call->object() != this)
    host_.violations_.add(std::string(function) +
                          " was called outside of a callback of its connection, or on another thread");
  if (close_.has_value()) return false;
  return phase_ == Phase::kLive || (phase_ == Phase::kShadow && reach == Reach::kAlsoShadow);
}

bool FakeConn::isRefusedOnce() {
  if (!againAfter.has_value()) return false;
  if (*againAfter > 0) {
    --*againAfter;
    return false;
  }
  againAfter.reset();
  return true;
}

void FakeConn::open() {
  const gw_open_info opening = info();
  gw_conn* opened = nullptr;
  const gw_status status =
      callPlugin("open", this, api().open, generation_->inst_, raw(), &opening, host_.nowNs(), &opened);
  if (status != GW_OK) {
    if (opened != nullptr)
      host_.violations_.add("open failed and wrote *conn_out: outputs are written on success only");
    return;
  }
  if (opened == nullptr) host_.violations_.add("open returned GW_OK and no connection");
  plugin_ = opened;
  afterCall();
}

void FakeConn::receive(std::string_view bytes) {
  unread_ += bytes;
  offer();
}

void FakeConn::retry() { offer(); }

void FakeConn::offer() {
  while (canCall() && !closing_ && !readPaused_ && !unread_.empty()) {
    size_t consumed = 0;
    const gw_status status = callPlugin("data", this, api().data, plugin_, sliceOf(unread_), host_.nowNs(), &consumed);
    if (status > 0) host_.violations_.add("data returned " + std::to_string(status) + ", which is no status");
    if (status < 0 && status != GW_E_AGAIN) {
      if (consumed != 0)
        host_.violations_.add("data failed and wrote *consumed_out: outputs are written on success only");
      if (!close_.has_value()) close_ = RecordedClose{GW_CLOSE_PROTOCOL, "data failed"};
      return;
    }
    if (consumed > unread_.size()) host_.violations_.add("data says that it consumed more than it was given");
    unread_.erase(0, std::min(consumed, unread_.size()));
    afterCall();
    if (consumed == 0) return;
  }
}

void FakeConn::eof() {
  if (!canCall()) return;
  isEof_ = true;
  callPlugin("eof", this, api().eof, plugin_);
  afterCall();
}

void FakeConn::afterCall() {
  if (autoAnswerHello && pendingHello_.has_value()) {
    answerHello();
    return;  // answerHello came back here
  }
  if (hasClass_) {
    for (const Waiting& each : std::exchange(waiting_, {})) queueUnit(each.event, each.seq, each.epoch);
  }
  if (std::exchange(wantsOffer_, false)) offer();
}

void FakeConn::answerHello(gw_status status, std::string_view json) {
  if (!pendingHello_.has_value()) return;
  const uint64_t token = *pendingHello_;
  pendingHello_.reset();
  event(token, status, json);
  offer();
}

void FakeConn::event(uint64_t token, gw_status status, std::string_view json) {
  if (!canCall()) return;
  callPlugin("event", this, api().event, plugin_, token, status, sliceOf(json));
  afterCall();
}

void FakeConn::notice(uint32_t kind, uint64_t a, uint64_t b) {
  if (!canCall()) return;
  const gw_notice raw{sizeof(gw_notice), kind, a, b};
  callPlugin("notice", this, api().notice, plugin_, &raw);
  afterCall();
}

void FakeConn::login(const FakeLogin& what) {
  if (!canCall() || closing_ || generation_->login_ == nullptr) return;
  const gw_login_event raw{sizeof(gw_login_event), what.kind,          what.secureOnly ? 1u : 0u, sliceOf(what.account),
                           sliceOf(what.message),  sliceOf(what.token)};
  callPlugin("login", this, generation_->login_->login, plugin_, &raw);
  afterCall();
}

void FakeConn::writable() {
  if (!canCall()) return;
  callPlugin("writable", this, api().writable, plugin_);
  afterCall();
}

void FakeConn::closeBegin(uint32_t code, std::string_view text, uint64_t graceMs) {
  if (!canCall()) return;
  closing_ = true;
  const gw_close_info info{sizeof(gw_close_info), code, 0, 0, sliceOf(text)};
  callPlugin("close_begin", this, api().close_begin, plugin_, &info, graceMs);
}

void FakeConn::closed(uint32_t code) {
  if (plugin_ == nullptr) return;
  if (!close_.has_value()) close_ = RecordedClose{code, "closed by the host"};
  phase_ = Phase::kSilent;
  callPlugin("closed", this, api().closed, std::exchange(plugin_, nullptr), code);
}

void FakeConn::fireTimer(uint32_t id) {
  timers_.erase(id);
  if (!canCall()) return;
  callPlugin("timer", this, api().timer, plugin_, id, host_.nowNs());
  afterCall();
}

void FakeConn::deliver(const FakeEvent& event, uint64_t seq, uint64_t epoch) {
  if (!canCall() || closing_) return;
  if (!hasClass_) {
    waiting_.push_back({event, seq, epoch});
    return;
  }
  queueUnit(event, seq, epoch);
}

void FakeConn::queueUnit(const FakeEvent& event, uint64_t seq, uint64_t epoch) {
  const RecordedClass& cls = classes_.back();
  if (event.kind == GW_KIND_PROMPT) prompt_ = event;
  if ((cls.flags & GW_CLASS_TEXT_ONLY) != 0 && event.kind == GW_KIND_DATA) return;
  const std::optional<std::string> body = host_.encodeCached(*generation_, cls, event);
  if (!body.has_value()) return;
  const gw_event raw = rawEvent(event);
  if ((cls.flags & GW_CLASS_STREAM_TRANSFORM) != 0 && generation_->encode_->deliver != nullptr) {
    callPlugin("deliver", this, generation_->encode_->deliver, plugin_, &raw, epoch, seq, sliceOf(*body));
  } else if (!wrapInto(raw, *body, seq, epoch)) {
    return;
  }
  textInTurn_ = event.kind == GW_KIND_TEXT || (textInTurn_ && event.kind != GW_KIND_PROMPT);
}

bool FakeConn::wrapInto(const gw_event& event, const std::string& body, uint64_t seq, uint64_t epoch) {
  Guarded<gw_wrap> out;
  const gw_status status =
      callPlugin("wrap", this, generation_->encode_->wrap, plugin_, &event, epoch, seq, body.size(), &out.value);
  if (!out.isIntact()) host_.violations_.add("wrap wrote beyond its gw_wrap");
  if (status != GW_OK) return false;
  const gw_wrap& wrap = out.value;
  if (wrap.head_len > GW_WRAP_MAX || wrap.tail_len > GW_WRAP_MAX) {
    host_.violations_.add("wrap says head " + std::to_string(wrap.head_len) + ", tail " +
                          std::to_string(wrap.tail_len) + " bytes; GW_WRAP_MAX is " + std::to_string(GW_WRAP_MAX));
    return false;
  }
  sent_.append(wrap.head, wrap.head_len).append(body).append(wrap.tail, wrap.tail_len);
  return true;
}

void FakeConn::endTurn() {
  const bool isDue = std::exchange(textInTurn_, false) && prompt_.has_value() && canCall() && hasClass_ &&
                     (classes_.back().flags & GW_CLASS_REPROMPT) != 0;
  if (!isDue) return;
  const FakeEvent prompt = *prompt_;
  queueUnit(prompt, 0, 1);
}

std::vector<std::string> FakeConn::lines() const {
  std::vector<std::string> out;
  for (const RecordedInput& input : inputs_) {
    if (input.kind == GW_INPUT_LINE) out.push_back(input.text);
  }
  return out;
}

std::optional<std::string> FakeHost::encode(std::string_view classDescription, const FakeEvent& event) {
  return encodeBy(generation(), classDescription, event);
}

std::optional<std::string> FakeHost::encodeBy(const FakeGeneration& generation, std::string_view classDescription,
                                              const FakeEvent& event) {
  std::string body;
  const gw_event raw = rawEvent(event);
  const gw_status status = callPlugin("encode", nullptr, generation.encode_->encode, generation.inst_,
                                      sliceOf(classDescription), &raw, reinterpret_cast<gw_builder*>(&body));
  if (status != GW_OK) return std::nullopt;
  return body;
}

std::optional<std::string> FakeHost::encodeCached(const FakeGeneration& generation, const RecordedClass& cls,
                                                  const FakeEvent& event) {
  const auto order = std::find_if(generations_.begin(), generations_.end(),
                                  [&](const auto& each) { return each.get() == &generation; });
  std::string key = std::to_string(order - generations_.begin()) + '/' + std::to_string(cls.key) + '/' +
                    std::to_string(event.kind) + '/' + std::to_string(event.flags) + '/' +
                    std::to_string(event.delivery) + '/' + std::to_string(event.stateVersion) + '/' + event.name +
                    '\0' + event.text + '\0' + event.payload;
  for (const gw_span& span : event.spans) {
    for (const uint32_t part : {span.start, span.len, span.fg, span.bg, span.attrs}) key += ',' + std::to_string(part);
    key += FakeTables::str(span.link);
  }
  {
    const std::lock_guard lock(mutex_);
    for (const CacheEntry& entry : cache_) {
      if (entry.key == key) return entry.body;
    }
    ++encodeCalls_;
  }
  std::optional<std::string> body = encodeBy(generation, cls.description, event);
  const std::lock_guard lock(mutex_);
  if (cache_.size() >= 64) cache_.erase(cache_.begin());
  cache_.push_back({std::move(key), body});
  return body;
}

}  // namespace gw::testing
