#include "telnet_stream.h"

#include <chrono>
#include <utility>

#include "telnet_channel.h"
#include "utf8.h"

namespace gw::telnet {
namespace {

using std::chrono::milliseconds;

enum Timer : uint32_t { kSilenceTimer = 0, kNamesTimer = 1, kRetryTimer = 2 };

constexpr milliseconds kSilence{500};  // nothing telnet came back: nc, or a script
constexpr milliseconds kNames{1400};   // TTYPE answers trickle in; the host itself gives up at 1.5 s
constexpr milliseconds kRetry{50};     // the host said AGAIN
constexpr uint64_t kHelloToken = 1;
constexpr size_t kUnitBytes = 1024;  // so much discarded input costs one unit
constexpr uint8_t kLatin1Proof = 2;  // lines
constexpr uint32_t kAllCaps = GW_CAP_UTF8 | GW_CAP_SCREEN_READER | GW_CAP_STRUCTURED | GW_CAP_TERMINAL;

std::string_view farewell(uint32_t code) {
  switch (code) {
    case GW_CLOSE_NORMAL:
      return "Goodbye.";
    case GW_CLOSE_SHUTDOWN:
      return "The gateway is going down; come back in a moment.";
    case GW_CLOSE_IDLE:
      return "You have been idle too long.";
    case GW_CLOSE_REPLACED:
      return "You have connected from elsewhere.";
    default:
      return "The connection is closed.";
  }
}

}  // namespace

void TelnetStream::start() {
  codec_.start({config_.naws, config_.gmcp}, out_);
  flush();
  conn().timerSet(kSilenceTimer, kSilence);
  conn().timerSet(kNamesTimer, kNames);
}

sdk::Consumed TelnetStream::onData(std::string_view bytes, uint64_t /*nowNs*/) {
  isBlocked_ = false;
  size_t used = 0;
  while (used < bytes.size() && !isBlocked_ && !isOutputFull_ && !isClosing_) {
    TelnetCodec::Step step;
    const size_t taken = codec_.next(bytes.substr(used), step, out_);
    if (step.kind == TelnetCodec::Step::Kind::kText) {
      used += takeText(step, taken);
      continue;
    }
    used += taken;
    if (step.kind != TelnetCodec::Step::Kind::kNone) onUnit(step);
  }
  if (isClosing_) return bytes.size();
  reportCaps();
  afterInput();
  return used;
}

/// Returns how many input bytes were used: all of the text, or up to and including one line's end, or
/// up to but not including it if the host does not take the line now.
size_t TelnetStream::takeText(const TelnetCodec::Step& step, size_t taken) {
  const LineAssembler::Result result = lines_.feed(step.text, codec_.isCharacterMode());
  if (result.discarded > 0) {
    uncharged_ += result.discarded;
    const auto units = static_cast<uint32_t>(uncharged_ / kUnitBytes);
    uncharged_ %= kUnitBytes;
    if (units > 0 && !charge(units)) return taken;
  }
  if (!result.isLine) return taken;
  if (!submitLine()) return result.consumed;
  lines_.takeLine(step.text[result.consumed]);
  return result.consumed + 1;
}

bool TelnetStream::submitLine() {
  if (!isIntroduced_) introduce();  // someone types: no more waiting for answers
  bool wasLatin1 = false;
  const std::string text = toUtf8(lines_.line(), renderClass().charset, wasLatin1);
  const gw_status status = conn().submitLine(text);
  if (status == GW_E_AGAIN) {
    isBlocked_ = true;
    conn().timerSet(kRetryTimer, kRetry);  // if the host does not offer it again by itself
    return false;
  }
  if (wasLatin1 && ++latin1Lines_ == kLatin1Proof) isLatin1Typed_ = true;
  if (!wasLatin1 && text.size() != lines_.line().size()) latin1Lines_ = 0;
  // The client's own echo has moved the cursor to a new line, unless we keep it from echoing.
  if (isEchoHidden_) {
    isHiddenAnswered_ = true;
  } else {
    isAtPrompt_ = false;
  }
  if (lines_.isCut()) {
    metrics_.linesCut.add();
    tell("That line was too long; only its first 4096 bytes were used.");
  }
  return true;
}

void TelnetStream::onUnit(const TelnetCodec::Step& step) {
  using Kind = TelnetCodec::Step::Kind;
  if (step.kind == Kind::kEraseChar) lines_.eraseChar();
  if (step.kind == Kind::kEraseLine) lines_.eraseLine();
  if (step.kind == Kind::kOversized) metrics_.subnegotiationsDiscarded.add();
  if (charge(1) && step.kind == Kind::kGmcp) onGmcp(step.text);
}

void TelnetStream::onGmcp(std::string_view payload) {
  if (!gmcp_) gmcp_ = std::make_unique<GmcpPeer>(conn(), metrics_, isLoginOpen_);
  if (gmcp_->receive(payload, out_)) codec_.wipeLast();
}

void TelnetStream::onLogin(const gw_login_event& event) {
  isLoginOpen_ = event.kind != GW_LOGIN_SIGNED_IN && (isLoginOpen_ || event.kind == GW_LOGIN_OPEN);
  if (gmcp_) gmcp_->onLogin(event, out_);
  flush();
}

bool TelnetStream::charge(uint32_t units) {
  if (conn().charge(units) != GW_E_LIMIT) return true;
  metrics_.rateLimited.add();
  tell("Too much at once.");
  close(GW_CLOSE_RATE_LIMIT, "too many telnet commands");
  return false;
}

void TelnetStream::afterInput() {
  if (isEchoHidden_ && codec_.isTelnet()) codec_.setEcho(true, out_);  // asked before the client showed itself
  flush();
  if (!isIntroduced_ && codec_.isTelnet() && codec_.isTerminalKnown()) introduce();
  if (seenRevision_ == codec_.profileRevision() && !isLatin1Typed_) return;
  seenRevision_ = codec_.profileRevision();
  if (!isIntroduced_) return;
  refreshClass();
  areCapsNews_ = true;
  reportCaps();
}

/// The host learns who is there; from now on it may send output.
void TelnetStream::introduce() {
  conn().timerCancel(kSilenceTimer);
  conn().timerCancel(kNamesTimer);
  seenRevision_ = codec_.profileRevision();
  refreshClass();
  const RenderClass cls = renderClass();
  if (!config_.banner.empty() && !cls.isScreenReader) {
    appendText(config_.banner, cls.charset, out_);
    out_ += "\r\n";
  }
  flush();
  const ClientProfile& profile = codec_.profile();
  reported_ = {caps(), profile.width, profile.height};
  sdk::Hello hello;
  hello.caps = reported_.caps;
  hello.width = reported_.width;
  hello.height = reported_.height;
  const std::string client = gmcp_ && !gmcp_->client().empty() ? cleanName(gmcp_->client()) : profile.name;
  hello.client = client;
  isIntroduced_ = true;
  conn().hello(kHelloToken, hello);
}

void TelnetStream::refreshClass() {
  const RenderClass cls = renderClass();
  if (isClassSet_ && cls == class_) return;
  class_ = cls;
  isClassSet_ = true;
  const uint32_t flags = GW_CLASS_TEXT_ONLY | (cls.isScreenReader ? 0u : static_cast<uint32_t>(GW_CLASS_REPROMPT));
  conn().setClass(cls.key(), flags, cls.describe());
}

void TelnetStream::reportCaps() {
  if (!areCapsNews_) return;
  const Reported now{caps(), codec_.profile().width, codec_.profile().height};
  if (now == reported_) {
    areCapsNews_ = false;
    return;
  }
  areCapsNews_ = conn().submitCaps(now.caps, now.width, now.height) == GW_E_AGAIN;
  if (areCapsNews_) conn().timerSet(kRetryTimer, kRetry);  // nothing of it is left with the host to be offered again
  if (!areCapsNews_) reported_ = now;
}

RenderClass TelnetStream::renderClass() const {
  const ClientProfile& profile = codec_.profile();
  RenderClass cls;
  cls.color = config_.ansi.value_or(colorLevelOf(profile, codec_.isTelnet()));
  const bool isSaid = profile.hasCharset || profile.hasMtts;
  cls.charset = config_.charset.value_or(isLatin1Typed_ && !isSaid ? Charset::kLatin1 : charsetOf(profile));
  cls.isScreenReader = profile.isScreenReader();
  return cls;
}

uint32_t TelnetStream::caps() const {
  const RenderClass cls = renderClass();
  uint32_t bits = GW_CAP_TERMINAL;
  if (cls.charset == Charset::kUtf8) bits |= GW_CAP_UTF8;
  if (cls.isScreenReader) bits |= GW_CAP_SCREEN_READER;
  return bits;
}

void TelnetStream::onTimer(uint32_t id, uint64_t /*nowNs*/) {
  switch (id) {
    case kSilenceTimer:
      if (!isIntroduced_ && !codec_.isTelnet()) introduce();
      break;
    case kNamesTimer:
      if (!isIntroduced_) introduce();
      break;
    case kRetryTimer:
      reportCaps();
      // Resuming makes the host offer again what it keeps.
      conn().readPause();
      conn().readResume();
      break;
    default:
      break;
  }
}

void TelnetStream::onWritable() {
  if (!isOutputFull_) return;
  isOutputFull_ = false;
  conn().readResume();
}

void TelnetStream::onEvent(uint64_t token, gw_status status, std::string_view /*json*/) {
  if (token != kHelloToken) return;
  if (status != GW_OK) {
    tell("The gateway can't let you in just now. Please try again later.");
    return close(GW_CLOSE_POLICY, "hello was refused");
  }
  reportCaps();
}

void TelnetStream::onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) {
  setEcho(false, out_);
  const std::string_view text = sdk::view(info.text_h);
  tell(text.empty() ? farewell(info.code) : text);
  close(info.code, text);
}

void TelnetStream::setEcho(bool isHidden, std::string& out) {
  isEchoHidden_ = isHidden;
  isHiddenAnswered_ = false;
  if (codec_.isTelnet()) codec_.setEcho(isHidden, out);
}

gw_status TelnetStream::wrap(const sdk::EventView& event, uint64_t /*epoch*/, uint64_t /*seq*/, size_t bodyLength,
                             sdk::Wrap& out) {
  std::string head;
  // Text from others may arrive while a password is typed: only a prompt, or text after the typed
  // line, ends the hiding.
  if (event.has(GW_EVENT_ECHO_OFF)) {
    setEcho(true, head);
  } else if (isEchoHidden_ && (event.has(GW_EVENT_ECHO_ON) || event.isPrompt() || isHiddenAnswered_)) {
    setEcho(false, head);
  }
  if (bodyLength > 0 && isAtPrompt_ && !isForTerminals(event, class_)) head += "\r\n";
  out.head(head);
  if (bodyLength == 0) return GW_OK;
  isAtPrompt_ = event.isPrompt();
  if (!isAtPrompt_ || !codec_.isTelnet()) return GW_OK;
  const OptionTable& options = codec_.options();
  if (options.isOn(Side::kUs, kOptEndOfRecord)) {
    out.tail("\xff\xef");
  } else if (!options.isOn(Side::kUs, kOptSga)) {
    out.tail("\xff\xf9");
  }
  return GW_OK;
}

/// A sentence of the channel's own, on a line of its own.
void TelnetStream::tell(std::string_view sentence) {
  if (isAtPrompt_) out_ += "\r\n";
  isAtPrompt_ = false;
  appendText(sentence, renderClass().charset, out_);
  out_ += "\r\n";
  flush();
}

void TelnetStream::flush() {
  if (out_.empty() || isClosing_) return;
  const gw_status status = conn().send(out_);
  out_.clear();
  if (status != GW_E_AGAIN || isOutputFull_) return;
  isOutputFull_ = true;
  conn().readPause();
}

void TelnetStream::close(uint32_t code, std::string_view reason) {
  if (isClosing_) return;
  flush();
  isClosing_ = true;
  conn().close(code, reason);
}

// Between callbacks out_ is empty, isBlocked_ is not looked at, what the profile says has been dealt with, and
// class_ follows from the rest.
template <class Self, class Fields>
void TelnetStream::fields(Self& self, Fields& f) {
  f.section(1, "codec", [&](auto& inner) { TelnetCodec::fields(self.codec_, inner); });
  f.section(2, "line", [&](auto& inner) { LineAssembler::fields(self.lines_, inner); });
  f.number(3, "reportedCaps", self.reported_.caps, kAllCaps);
  f.number(4, "reportedWidth", self.reported_.width, uint32_t{kMaxWindow});
  f.number(5, "reportedHeight", self.reported_.height, uint32_t{kMaxWindow});
  f.flag(6, "isIntroduced", self.isIntroduced_);
  f.flag(7, "isClassSet", self.isClassSet_);
  f.flag(8, "isLoginOpen", self.isLoginOpen_);
  f.flag(9, "isAtPrompt", self.isAtPrompt_);
  f.flag(10, "isEchoHidden", self.isEchoHidden_);
  f.flag(11, "isHiddenAnswered", self.isHiddenAnswered_);
  f.flag(12, "isOutputFull", self.isOutputFull_);
  f.flag(13, "areCapsNews", self.areCapsNews_);
  f.flag(14, "isLatin1Typed", self.isLatin1Typed_);
  f.number(15, "latin1Lines", self.latin1Lines_, uint8_t{255});
  f.number(16, "uncharged", self.uncharged_, kUnitBytes - 1);
  bool hasGmcp = self.gmcp_ != nullptr;
  f.flag(17, "hasGmcp", hasGmcp);
  if constexpr (Fields::isReading) {
    if (hasGmcp) self.gmcp_ = std::make_unique<GmcpPeer>(self.conn(), self.metrics_, self.isLoginOpen_);
  }
  if (hasGmcp) f.section(18, "gmcp", [&](auto& inner) { GmcpPeer::fields(*self.gmcp_, inner); });
}

sdk::MoveAnswer TelnetStream::quiesce() {
  return isClosing_ ? sdk::MoveAnswer::never("the connection is being closed") : sdk::MoveAnswer::ready();
}

void TelnetStream::save(sdk::StateWriter& out) const { fields(*this, out); }

void TelnetStream::restore(sdk::StateReader& in) {
  fields(*this, in);
  if (std::exchange(isClassSet_, false)) refreshClass();
}

/// The account's options may have changed what the client gets.
void TelnetStream::onCommit() {
  if (!isIntroduced_) return;
  areCapsNews_ = true;
  reportCaps();
}

}  // namespace gw::telnet
