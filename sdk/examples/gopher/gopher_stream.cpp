#include "gopher_stream.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

namespace gopher {
namespace {

using gw::sdk::EventView;
using std::chrono::milliseconds;

enum Timer : uint32_t { kStepTimer = 0, kQuietTimer = 1, kDeadlineTimer = 2 };

constexpr milliseconds kRetry{50};        // the host said AGAIN
constexpr milliseconds kFirstWait{2000};  // for the first line of an answer: the game may be busy
constexpr milliseconds kQuietTime{400};   // after its last line. Nothing marks the end of what a command has caused
constexpr milliseconds kDeadline{10000};  // a room may never be quiet
constexpr uint64_t kHelloToken = 1;
constexpr size_t kMaxCode = 32;
constexpr size_t kUnitBytes = 1024;  // so much input behind the request costs one unit

constexpr std::string_view kPlaySelector = "/play/";

constexpr std::string_view kAbout =
    "This is the gopher door of a game that most people reach by telnet or by a web browser.\n"
    "\n"
    "Come in with the word \"guest\", or with a code: type /token wherever you play already, and give\n"
    "the code here. You go on as who you are there. Each answer carries a code for your next line, so\n"
    "follow the newest menu; a code works once and for ten minutes. Passwords are not asked for here:\n"
    "gopher shows and keeps what you type.\n";

bool isCode(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCode && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  });
}

std::string_view trimmed(std::string_view text) {
  const size_t first = std::min(text.find_first_not_of(' '), text.size());
  return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

std::string codeOf(const EventView& event) {
  if (event.delivery() != GW_DELIVERY_PRIVATE || !event.isText()) return {};
  const auto payload = nlohmann::json::parse(event.payload(), nullptr, false);
  const auto code = payload.is_object() ? payload.find("code") : payload.end();
  if (code == payload.end() || !code->is_string()) return {};
  const auto& text = code->get_ref<const std::string&>();
  return isCode(text) ? text : std::string();
}

gw::sdk::Consumed GopherStream::onData(std::string_view bytes, uint64_t /*nowNs*/) {
  if (phase_ != Phase::kRequest) {
    // One request is a connection's all.
    if (conn().charge(static_cast<uint32_t>(1 + bytes.size() / kUnitBytes)) == GW_E_LIMIT) {
      end(GW_CLOSE_RATE_LIMIT, "too much after the request");
    }
    return bytes.size();
  }
  const std::string_view part = bytes.substr(0, bytes.find('\n'));
  if (line_.size() + part.size() > kMaxRequest) {
    refuse("That request is too long.");
    return bytes.size();
  }
  line_ += part;
  if (part.size() == bytes.size()) return bytes.size();
  if (line_.ends_with('\r')) line_.pop_back();
  answer(std::exchange(line_, {}));
  return bytes.size();
}

void GopherStream::answer(std::string_view line) {
  const auto [selector, query] = parseRequest(line);
  const std::string_view typed = trimmed(query);
  if (selector.empty() || selector == "/") return answerWith(menu());
  if (selector == "/about")
    return answerWith(textLines(options_.about.empty() ? kAbout : options_.about) + std::string(kEnd));
  if (selector == "/welcome") return goIn(Wish::kWelcome, {}, {});
  if (selector == "/enter") {
    if (typed == "guest") return goIn(Wish::kPlay, "guest", {});
    if (isCode(typed)) return goIn(Wish::kPlay, "reconnect " + std::string(typed), {});
    return refuse("Type the word guest, or the code that /token shows in the game.");
  }
  if (selector.starts_with(kPlaySelector) && isCode(selector.substr(kPlaySelector.size()))) {
    if (typed.empty()) return refuse("Type what you want to say or do.");
    return goIn(Wish::kPlay, "reconnect " + std::string(selector.substr(kPlaySelector.size())), typed);
  }
  refuse("There is nothing here by that selector.");
}

std::string GopherStream::menu() const {
  return infoLines(options_.title + "\n\n") + item('0', "About this place", "/about", place_) +
         item('0', "What is said at the door", "/welcome", place_) +
         item('7', "Come in (type: guest, or your code)", "/enter", place_) + std::string(kEnd);
}

void GopherStream::answerWith(std::string_view document) {
  metrics_.requests.add();
  conn().send(document);
  end(GW_CLOSE_NORMAL, "answered");
}

void GopherStream::refuse(std::string_view sentence) {
  metrics_.refused.add();
  conn().send(errorAnswer(sentence));
  end(GW_CLOSE_NORMAL, "refused");
}

void GopherStream::goIn(Wish wish, std::string entry, std::string_view line) {
  phase_ = Phase::kDoor;
  wish_ = wish;
  entry_ = std::move(entry);
  line_ = line;
  setClass();
  conn().timerSet(kDeadlineTimer, kDeadline);
  conn().hello(kHelloToken, {.caps = GW_CAP_TERMINAL | GW_CAP_UTF8, .client = "gopher"});
}

void GopherStream::onLogin(const gw_login_event& event) {
  // Asked for the first time: go on. Asked again: what was said did not let us in. Not from here: the host may be
  // in the middle of asking.
  const bool isAsked = phase_ == Phase::kDoor || phase_ == Phase::kEntering;
  if (event.kind == GW_LOGIN_OPEN && isAsked) conn().timerSet(kStepTimer, milliseconds(0));
}

void GopherStream::onNotice(const gw_notice& notice) {
  if (notice.kind != GW_NOTICE_ATTACHED || phase_ != Phase::kEntering) return;
  phase_ = Phase::kPlaying;
  conn().timerSet(kStepTimer, milliseconds(0));
}

void GopherStream::onEvent(uint64_t token, gw_status status, std::string_view /*json*/) {
  if (token == kHelloToken && status != GW_OK) finish();
}

void GopherStream::onTimer(uint32_t id, uint64_t /*nowNs*/) { id == kStepTimer ? step() : finish(); }

void GopherStream::step() {
  if (phase_ == Phase::kPlaying) return say();
  if (phase_ == Phase::kDoor && wish_ == Wish::kPlay) return enter();
  finish();
}

/// False: the host does not take it now; the step is done again.
bool GopherStream::submit(std::string_view line) {
  if (conn().submitLine(line) != GW_E_AGAIN) return true;
  conn().timerSet(kStepTimer, kRetry);
  return false;
}

void GopherStream::enter() {
  if (!submit(entry_)) return;
  entry_.clear();
  phase_ = Phase::kEntering;
  setClass();  // from now on what is said is for the client
}

void GopherStream::say() {
  const bool isLine = !line_.empty();
  if (isLine && !submit(line_)) return;
  line_.clear();
  if (!submit("/token")) return;
  phase_ = Phase::kListening;
  conn().timerSet(kQuietTimer, isLine ? kFirstWait : kQuietTime);
}

gw_status GopherStream::wrap(const EventView& event, uint64_t /*epoch*/, uint64_t /*seq*/, size_t bodyLength,
                             gw::sdk::Wrap& /*out*/) {
  if (bodyLength == 0) {
    code_ = codeOf(event);
    return GW_OK;
  }
  isAnswered_ = true;
  if (phase_ == Phase::kListening) conn().timerSet(kQuietTimer, kQuietTime);
  return GW_OK;
}

void GopherStream::finish() {
  std::string rest;
  if (wish_ == Wish::kPlay) {
    if (!isAnswered_) rest += infoLines("Nothing was answered.");
    if (!code_.empty()) rest += item('7', "Say or do something", std::string(kPlaySelector) + code_, place_);
    rest += item('1', "Back to the door", "", place_);
  }
  metrics_.requests.add();
  conn().send(rest + std::string(kEnd));
  end(GW_CLOSE_LOST, "answered");  // NORMAL would be a goodbye: the session stays, for the next request
}

void GopherStream::onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) {
  const std::string_view said = gw::sdk::view(info.text_h);
  const std::string_view text = said.empty() ? "The gateway closes this connection." : said;
  const bool isInMenu = wish_ == Wish::kPlay && isAnswered_;
  conn().send(wish_ == Wish::kWelcome ? textLines(text) + std::string(kEnd)
              : isInMenu              ? infoLines(text) + std::string(kEnd)
                                      : errorAnswer(text));
  end(info.code, text);
}

/// A client that half-closes behind its request still reads. One that does so before has nothing to ask.
void GopherStream::onEof() {
  if (phase_ == Phase::kRequest) end(GW_CLOSE_LOST, "no request");
}

void GopherStream::end(uint32_t code, std::string_view reason) {
  phase_ = Phase::kDone;
  conn().close(code, reason);
}

void GopherStream::setClass() {
  if (phase_ == Phase::kRequest) return;
  const OutputClass& cls = wish_ == Wish::kWelcome ? kText : phase_ == Phase::kDoor ? kQuiet : kMenu;
  conn().setClass(cls.key, GW_CLASS_TEXT_ONLY, cls.description);
}

template <class Self, class Fields>
void GopherStream::fields(Self& self, Fields& f) {
  f.number(1, "phase", self.phase_, Phase::kListening);
  f.number(2, "wish", self.wish_, Wish::kPlay);
  f.text(3, "line", self.line_, kMaxRequest);
  f.text(4, "entry", self.entry_, kMaxRequest);
  f.text(5, "code", self.code_, kMaxCode);
  f.flag(6, "isAnswered", self.isAnswered_);
  if constexpr (Fields::isReading) {
    if ((self.phase_ == Phase::kRequest) != (self.wish_ == Wish::kDocument)) f.fail("wish", "does not fit the phase");
    if (!self.code_.empty() && !isCode(self.code_)) f.fail("code", "is none");
    if (self.line_.find('\n') != std::string::npos) f.fail("line", "is more than one");
  }
}

gw::sdk::MoveAnswer GopherStream::quiesce() {
  return phase_ == Phase::kDone ? gw::sdk::MoveAnswer::never("it has been answered") : gw::sdk::MoveAnswer::ready();
}

void GopherStream::restore(gw::sdk::StateReader& in) {
  fields(*this, in);
  setClass();
}

}  // namespace gopher
