#include "conform/visit.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "conform/check.h"

namespace gw::conform {
namespace {

constexpr int kMostAnswers = 256;  // to one step
constexpr int kMostBinds = 8;      // of a request
constexpr uint64_t kTimeSliceMs = 250;
constexpr std::string_view kHelloAnswer = R"({"epoch":1})";
constexpr std::string_view kFrameAnswer = R"({"type":"res","id":"1","ok":true,"payload":{}})";
constexpr std::string_view kRefusal = R"({"code":"UNAUTHORIZED","message":"no"})";

std::string outcomeOf(const testing::FakeRequest& request) {
  if (request.reply.has_value()) return "it was answered " + std::to_string(request.reply->status);
  if (request.result == GW_HTTP_REJECT) return "it was rejected: " + request.errorText;
  return "it was not answered (result " + std::to_string(request.result) + ")";
}

}  // namespace

testing::FakeEvent eventOf(const Step& step) {
  if (step.kind == Step::Kind::kPrompt)
    return testing::FakeEvent::prompt(step.bytes, step.isHidden ? uint32_t{GW_EVENT_ECHO_OFF} : 0u);
  return step.kind == Step::Kind::kData ? testing::FakeEvent::data(step.name, step.bytes)
                                        : testing::FakeEvent::line(step.bytes);
}

Visit::Visit(testing::FakeHost& host, const Conversation& conversation, Opening opening)
    : host_(host), conversation_(conversation) {
  testing::OpenOptions options;
  options.isTls = conversation.isTls;
  open(options);
  if (conn_ != nullptr && opening == Opening::kAnswered) settle();
}

void Visit::open(const testing::OpenOptions& options) {
  if (!conversation_.request.has_value()) {
    conn_ = host_.open(options);
    if (conn_ == nullptr) refusal_ = "open refused it";
    return;
  }
  const conform::Opening& opening = *conversation_.request;
  const bool isGood = opening.answer < 400;
  request_ = host_.request(opening.method, opening.path, opening.query, opening.headers, opening.body);
  for (int i = 0; i < kMostBinds && !request_->reply && !request_->accept && request_->result == GW_HTTP_DEFER; ++i)
    request_->answer(isGood ? GW_OK : GW_E_INVALID, opening.answer, isGood ? kFrameAnswer : kRefusal);
  if (!request_->accept.has_value()) {
    refusal_ = outcomeOf(*request_);
    return;
  }
  takesInput_ = request_->accept->mode == GW_ACCEPT_UPGRADE;
  conn_ = request_->openStream(options);
  if (conn_ == nullptr) refusal_ = "it was accepted, and then open refused it";
}

void Visit::attach() {
  if (std::exchange(isAttached_, true)) return;
  conn_->notice(GW_NOTICE_ATTACHED, 1, 0);
  conn_->notice(GW_NOTICE_STATE, GW_STATE_CONNECTING, GW_STATE_PLAYING);
}

bool Visit::answerOne() {
  if (conn_->isHelloPending()) {
    conn_->answerHello(GW_OK, kHelloAnswer);
    attach();
    return true;
  }
  if (answeredInputs_ < conn_->inputs().size()) {
    const uint64_t token = conn_->inputs()[answeredInputs_++].token;
    if (token != 0) conn_->event(token, GW_OK, "{}");
    return true;
  }
  if (answeredFrames_ < conn_->frames().size()) {
    ++answeredFrames_;
    attach();
    conn_->event(0, GW_OK, kFrameAnswer);
    return true;
  }
  return false;
}

void Visit::settle() {
  for (int i = 0; i < kMostAnswers && answerOne(); ++i) {
  }
  conn_->endTurn();
}

void Visit::send(const Step& step, const Manner& manner) {
  if (!takesInput_) return;
  const std::string_view bytes = step.bytes;
  const auto give = [&](std::string_view piece) {
    if (manner.before) manner.before(*this, place_);
    ++place_;
    conn_->receive(piece);
  };
  const size_t end = offset_ + bytes.size();
  if (manner.cut == Cut::kBytes) {
    for (const char& byte : bytes) give({&byte, 1});
  } else if (manner.cut == Cut::kAt && manner.at > offset_ && manner.at < end) {
    give(bytes.substr(0, manner.at - offset_));
    give(bytes.substr(manner.at - offset_));
  } else {
    give(bytes);
  }
  offset_ = end;
}

void Visit::wait(uint64_t ms, bool isSliced) {
  for (uint64_t slice = 0; ms > 0; ms -= slice) {
    slice = isSliced ? std::min(ms, kTimeSliceMs) : ms;
    host_.advance(slice);
  }
}

void Visit::take(const Step& step, const Manner& manner) {
  if (step.kind != Step::Kind::kSend) {
    if (manner.before) manner.before(*this, place_);
    ++place_;
  }
  switch (step.kind) {
    case Step::Kind::kSend:
      send(step, manner);
      break;
    case Step::Kind::kText:
    case Step::Kind::kPrompt:
    case Step::Kind::kData: {
      attach();
      const testing::FakeEvent event = eventOf(step);
      conn_->deliver(event, event.delivery == GW_DELIVERY_MUST ? ++seq_ : 0);
      break;
    }
    case Step::Kind::kWait:
      wait(step.ms, manner.isSlicedInTime);
      break;
    case Step::Kind::kLogin: {
      testing::FakeLogin login;
      login.kind = step.login;
      login.account = "Ann";
      if (step.login == GW_LOGIN_TOKEN) login.token = "token-of-ann";
      conn_->login(login);
      break;
    }
    case Step::Kind::kEof:
      conn_->eof();
      break;
  }
  if (manner.afterStep) manner.afterStep(*this, place_);
  settle();
}

void Visit::run(const Manner& manner) {
  for (const Step& step : conversation_.steps) take(step, manner);
}

Transcript Visit::end(Sight sight) {
  if (!conn_->closedBy().has_value()) conn_->closeBegin(GW_CLOSE_SHUTDOWN, "Until later.");
  Transcript seen = transcriptOf(*conn_, sight, host_.nowNs());
  conn_.reset();
  return seen;
}

Transcript converse(const gw_plugin& plugin, const std::string& options, const Conversation& conversation,
                    const Visit::Manner& manner, Sight sight) {
  Trial trial(plugin, options);
  Transcript seen;
  {
    Visit visit(trial.host(), conversation);
    if (!visit.isOpen()) throw Failure{conversation.name + ": no stream: " + visit.refusal()};
    visit.run(manner);
    seen = visit.end(sight);
  }
  trial.finish();
  return seen;
}

std::vector<size_t> placesAmong(size_t count, size_t most, uint64_t seed) {
  std::vector<size_t> all(count + 1);
  std::iota(all.begin(), all.end(), size_t{0});
  if (all.size() <= most) return all;
  std::mt19937_64 random(seed);
  std::shuffle(all.begin(), all.end(), random);
  all.resize(most);
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace gw::conform
