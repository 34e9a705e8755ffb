#include "conversation.h"

#include "unit/plugins/seen.h"

namespace gw::fuzz {
namespace {

using testing::FakeEvent;
using testing::FakeMigration;

constexpr int kMaxSteps = 512;

// What the host gives is clean (valid UTF-8, no control characters but \n and \t), so there is only a choice.
constexpr std::string_view kTexts[] = {
    "", "Rain.", "a\nb\n", "\t.", ".dot\n..", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "> "};
constexpr std::string_view kJsons[] = {"{}", R"({"type":"res","id":1,"ok":true,"payload":{}})", R"({"code":"A-1"})",
                                       "[1]"};
constexpr uint64_t kWaits[] = {0, 1, 50, 500, 1500, 15'000, 31'000, 600'000};
constexpr gw_status kSubmitResults[] = {GW_OK, GW_E_AGAIN, GW_E_LIMIT, GW_E_STATE};
constexpr gw_status kFrameResults[] = {GW_OK, GW_E_AGAIN, GW_E_PROTO, GW_E_LIMIT};
constexpr uint32_t kCloseCodes[] = {GW_CLOSE_NORMAL, GW_CLOSE_SHUTDOWN, GW_CLOSE_REPLACED, GW_CLOSE_SLOW, 9999};
constexpr gw_notice kNotices[] = {{0, GW_NOTICE_ATTACHED, 3, 1},
                                  {0, GW_NOTICE_STATE, GW_STATE_CONNECTING, GW_STATE_AUTHENTICATING},
                                  {0, GW_NOTICE_STATE, GW_STATE_CHARACTER_SELECTION, GW_STATE_PLAYING},
                                  {0, GW_NOTICE_REPLACED, 0, 0},
                                  {0, 99, 7, 7}};  // of a later host

template <class Choices>
const auto& chosen(const Choices& choices, uint8_t number) {
  return choices[number % std::size(choices)];
}

}  // namespace

Conversation::Conversation(const ChannelUnderFuzz& channel, const std::string& options, testing::FakeHost& host,
                           testing::FakeConn& conn, bool isMoving)
    : channel_(channel),
      host_(host),
      conn_(conn),
      isMoving_(isMoving),
      here_(&host.generation()),
      there_(&host.load(channel.plugin, options)) {}

std::vector<std::string> Conversation::run(std::string_view script) {
  Input input(script);
  std::vector<std::string> seen;
  for (int steps = 0; steps < kMaxSteps && !input.isEmpty() && !conn_.closedBy().has_value(); ++steps) {
    step(input);
    seen.push_back(testing::seenOf(conn_));
  }
  seen.push_back(testing::askedOf(conn_));
  for (const auto& [name, value] : host_.metrics()) seen.push_back(name + '=' + std::to_string(value));
  return seen;
}

void Conversation::step(Input& input) {
  const auto op = static_cast<Op>(input.byte() % static_cast<uint8_t>(Op::kCount));
  switch (op) {
    case Op::kPiece:
      return receive(input.piece());
    case Op::kBytes:
      for (const char byte : input.piece()) receive({&byte, 1});
      return;
    case Op::kText:
    case Op::kPrompt:
    case Op::kData:
      return deliver(op, input.byte());
    case Op::kAnswerHello:
      return input.byte() % 2 == 0 ? conn_.answerHello() : conn_.answerHello(GW_E_STATE, kJsons[0]);
    case Op::kMove:
      return move();
    case Op::kWait:
      return host_.advance(input.pick(kWaits));
    case Op::kSubmitResult:
    case Op::kFrameResult:
    case Op::kOutput:
    case Op::kChargeLimit:
      return setAnswers(op, input.byte());
    case Op::kEndTurn:
      return conn_.endTurn();
    case Op::kEof:
      if (channel_.hasInput) conn_.eof();
      isEof_ = true;
      return;
    default:
      return tell(op, input.byte());
  }
}

void Conversation::deliver(Op op, uint8_t choice) {
  const std::string text(chosen(kTexts, choice));
  const uint32_t flags = choice >= 128 ? static_cast<uint32_t>(GW_EVENT_ECHO_OFF) : 0u;
  if (op == Op::kPrompt) return conn_.deliver(FakeEvent::prompt(text, flags));
  if (op == Op::kData) return conn_.deliver(FakeEvent::data("presence", std::string(chosen(kJsons, choice))));
  FakeEvent event = FakeEvent::line(text);
  const bool isPrivate = choice >= 128;
  if (isPrivate) event.delivery = GW_DELIVERY_PRIVATE;
  event.payload = chosen(kJsons, static_cast<uint8_t>(choice / std::size(kTexts)));
  conn_.deliver(event, isPrivate ? 0 : ++seq_, 1 + choice / 64u);
}

void Conversation::tell(Op op, uint8_t choice) {
  switch (op) {
    case Op::kLogin:
      return conn_.login({.kind = choice % 7u, .account = "Anna", .message = "Hi.", .token = "t0k"});
    case Op::kNotice: {
      const gw_notice& notice = chosen(kNotices, choice);
      return conn_.notice(notice.kind, notice.a, notice.b);
    }
    case Op::kEvent:
      return conn_.event(choice % 4u, choice >= 128 ? GW_E_LIMIT : GW_OK, chosen(kJsons, choice));
    case Op::kCloseBegin:
      return conn_.closeBegin(chosen(kCloseCodes, choice), choice >= 128 ? kTexts[5] : kTexts[0]);
    default:
      return;
  }
}

void Conversation::setAnswers(Op op, uint8_t choice) {
  switch (op) {
    case Op::kSubmitResult:
      conn_.submitResult = conn_.signInResult = chosen(kSubmitResults, choice);
      break;
    case Op::kFrameResult:
      conn_.frameResult = chosen(kFrameResults, choice);
      break;
    case Op::kOutput:
      conn_.sendResult = choice % 2 == 1 ? GW_E_AGAIN : GW_OK;
      if (choice % 2 == 0) conn_.writable();
      break;
    default:
      conn_.chargeLimit = conn_.charged() + choice;
      break;
  }
  conn_.retry();  // the host offers again what it was told to keep
}

void Conversation::receive(std::string_view bytes) {
  if (channel_.hasInput && !isEof_) conn_.receive(bytes);
}

void Conversation::move() {
  hasMoves_ = true;
  conn_.retry();  // as after a move
  if (!isMoving_ || conn_.closedBy().has_value()) return;
  const FakeMigration moved = host_.migrate(conn_, *there_);
  if (moved.outcome == FakeMigration::Outcome::kFailed) fail("a live connection cannot move: " + moved.reason);
  if (moved.outcome != FakeMigration::Outcome::kMoved) return;
  std::swap(here_, there_);
  const FakeMigration back = host_.rehearse(conn_, *there_);
  if (back.outcome == FakeMigration::Outcome::kMoved) expect(back.state == moved.state, "a move has changed the state");
}

}  // namespace gw::fuzz
