#include "telnet_codec.h"

#include <algorithm>
#include <charconv>

namespace gw::telnet {
namespace {

char byteOf(uint8_t value) { return static_cast<char>(value); }

uint16_t clampWindow(char high, char low) {
  const auto value = static_cast<uint16_t>(static_cast<uint8_t>(high) << 8 | static_cast<uint8_t>(low));
  return value == 0 ? uint16_t{0} : std::min(value, kMaxWindow);  // RFC 1073: 0 = not known
}

}  // namespace

void appendSubnegotiation(uint8_t option, std::string_view payload, std::string& out) {
  out.append({byteOf(kIac), byteOf(kSb), byteOf(option)});
  for (const char c : payload) {
    out.push_back(c);
    if (c == byteOf(kIac)) out.push_back(c);
  }
  out.append({byteOf(kIac), byteOf(kSe)});
}

void TelnetCodec::start(const Opening& opening, std::string& out) {
  options_.request(Side::kClient, kOptTerminalType, true, out);
  if (opening.naws) options_.request(Side::kClient, kOptNaws, true, out);
  options_.request(Side::kUs, kOptCharset, true, out);
  options_.request(Side::kUs, kOptEndOfRecord, true, out);
  if (opening.gmcp) options_.request(Side::kUs, kOptGmcp, true, out);
}

bool TelnetCodec::isTerminalKnown() const {
  if (isTerminalDone_) return true;
  return options_.isSettled(Side::kClient, kOptTerminalType) && !options_.isOn(Side::kClient, kOptTerminalType);
}

size_t TelnetCodec::next(std::string_view input, Step& step, std::string& out) {
  Token token;
  const size_t taken = parser_.next(input, token);
  step = Step{};
  switch (token.kind) {
    case Token::Kind::kNone:
      return taken;
    case Token::Kind::kText:
      step = {Step::Kind::kText, token.bytes};
      return taken;
    case Token::Kind::kCommand:
      step.kind = Step::Kind::kUnit;
      if (token.code == kCmdEraseChar) step.kind = Step::Kind::kEraseChar;
      if (token.code == kCmdEraseLine) step.kind = Step::Kind::kEraseLine;
      if (token.code == kAreYouThere) out += "\r\n[Yes]\r\n";
      break;
    case Token::Kind::kNegotiation:
      step.kind = Step::Kind::kUnit;
      onNegotiation(token, out);
      break;
    case Token::Kind::kSubnegotiation:
      step.kind = Step::Kind::kUnit;
      if (token.code == kOptGmcp && options_.isOn(Side::kUs, kOptGmcp)) step = {Step::Kind::kGmcp, token.bytes};
      onSubnegotiation(token, out);
      break;
    case Token::Kind::kOversized:
      step.kind = Step::Kind::kOversized;
      break;
  }
  if (!isTelnet_) ++revision_;  // what knows telnet shows colours
  isTelnet_ = true;
  return taken;
}

void TelnetCodec::onNegotiation(const Token& token, std::string& out) {
  if (!options_.receive(token.verb, token.code, out)) return;
  ++revision_;  // SGA, EOR and the like change how output looks
  const Side side = OptionTable::sideOf(token.verb);
  if (!options_.isOn(side, token.code)) return;
  if (side == Side::kClient && token.code == kOptTerminalType && !isTerminalDone_) {
    appendSubnegotiation(kOptTerminalType, {"\x01", 1}, out);
  }
  if (side == Side::kUs && token.code == kOptCharset && !isCharsetAsked_) {
    isCharsetAsked_ = isCharsetPending_ = true;
    appendSubnegotiation(kOptCharset, "\x01;UTF-8;ISO-8859-1;US-ASCII", out);
  }
}

void TelnetCodec::onSubnegotiation(const Token& token, std::string& out) {
  switch (token.code) {
    case kOptTerminalType:
      if (options_.isOn(Side::kClient, kOptTerminalType)) onTerminalType(token.bytes, out);
      break;
    case kOptNaws:
      if (options_.isOn(Side::kClient, kOptNaws)) onWindowSize(token.bytes);
      break;
    case kOptCharset:
      if (options_.isOn(Side::kUs, kOptCharset) || options_.isOn(Side::kClient, kOptCharset)) {
        onCharset(token.bytes, out);
      }
      break;
    default:
      break;  // never asked for
  }
}

/// MTTS: client name, terminal, "MTTS n"; a repeated answer ends the list (RFC 1091).
void TelnetCodec::onTerminalType(std::string_view payload, std::string& out) {
  if (isTerminalDone_ || payload.empty() || payload.front() != byteOf(kTtypeIs)) return;
  const std::string answer = cleanName(payload.substr(1));
  const bool isRepeat = terminalAnswers_ > 0 && answer == lastTerminalAnswer_;
  ++terminalAnswers_;
  ++revision_;
  if (answer.starts_with("MTTS ")) {
    const std::string_view digits = std::string_view(answer).substr(5);
    profile_.hasMtts = std::from_chars(digits.data(), digits.data() + digits.size(), profile_.mtts).ec == std::errc{};
    isTerminalDone_ = true;
    return;
  }
  if (terminalAnswers_ == 1) profile_.name = answer;
  if (terminalAnswers_ == 2) profile_.terminal = answer;
  lastTerminalAnswer_ = answer;
  isTerminalDone_ = isRepeat || terminalAnswers_ == kMaxTerminalAnswers;
  if (!isTerminalDone_) appendSubnegotiation(kOptTerminalType, {"\x01", 1}, out);
}

void TelnetCodec::onWindowSize(std::string_view payload) {
  if (payload.size() != 4) return;
  profile_.width = clampWindow(payload[0], payload[1]);
  profile_.height = clampWindow(payload[2], payload[3]);
  ++revision_;
}

void TelnetCodec::onCharset(std::string_view payload, std::string& out) {
  if (payload.empty()) return;
  const auto verb = static_cast<uint8_t>(payload.front());
  if (verb == kCharsetRequest) return onCharsetRequest(payload.substr(1), out);
  if (!isCharsetPending_ || (verb != kCharsetAccepted && verb != kCharsetRejected)) return;
  isCharsetPending_ = false;
  if (verb == kCharsetAccepted) {
    profile_.hasCharset = charsetFromName(payload.substr(1), profile_.charset);
    ++revision_;
  }
}

/// The client proposes; the first of its list that we know. RFC 2066: while both ask, the server's
/// question stands and the client's is rejected.
void TelnetCodec::onCharsetRequest(std::string_view list, std::string& out) {
  if (isCharsetPending_) return appendSubnegotiation(kOptCharset, {"\x03", 1}, out);
  constexpr std::string_view kTtable = "[TTABLE]";
  if (list.starts_with(kTtable)) list.remove_prefix(std::min(list.size(), kTtable.size() + 1));  // and its version
  const char separator = list.empty() ? ';' : list.front();
  while (!list.empty()) {
    list.remove_prefix(1);
    const std::string_view name = list.substr(0, list.find(separator));
    list.remove_prefix(name.size());
    if (!charsetFromName(name, profile_.charset)) continue;
    profile_.hasCharset = true;
    ++revision_;
    return appendSubnegotiation(kOptCharset, byteOf(kCharsetAccepted) + std::string(name), out);
  }
  appendSubnegotiation(kOptCharset, {"\x03", 1}, out);
}

}  // namespace gw::telnet
