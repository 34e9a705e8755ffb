#include "telnet_parser.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "telnet_protocol.h"

namespace gw::telnet {
namespace {

constexpr char kEscapedIac[] = "\xff";
constexpr char kIacChar = '\xff';

}  // namespace

size_t TelnetParser::next(std::string_view input, Token& token) {
  token = Token{};
  if (input.empty()) return 0;
  const auto byte = static_cast<uint8_t>(input.front());
  switch (at_.state) {
    case State::kText: {
      if (byte == kIac) {
        at_.state = State::kAfterIac;
        return 1;
      }
      const size_t length = std::min(input.find(kIacChar), input.size());
      token.kind = Token::Kind::kText;
      token.bytes = input.substr(0, length);
      return length;
    }
    case State::kAfterIac:
      return afterIac(byte, token);
    case State::kVerb:
      at_.state = State::kText;
      token = {Token::Kind::kNegotiation, at_.verb, byte, {}};
      return 1;
    case State::kSbOption:
      at_ = {State::kInSb, 0, byte, false};
      payload_.clear();
      return 1;
    case State::kInSb:
    case State::kInSbAfterIac:
      return inSubnegotiation(input, token);
  }
  return 1;
}

size_t TelnetParser::afterIac(uint8_t byte, Token& token) {
  at_.state = State::kText;
  switch (byte) {
    case kIac:
      token = {Token::Kind::kText, 0, 0, {kEscapedIac, 1}};
      break;
    case kWill:
    case kWont:
    case kDo:
    case kDont:
      at_.state = State::kVerb;
      at_.verb = byte;
      break;
    case kSb:
      at_.state = State::kSbOption;
      break;
    default:
      token = {Token::Kind::kCommand, 0, byte, {}};
  }
  return 1;
}

size_t TelnetParser::inSubnegotiation(std::string_view input, Token& token) {
  size_t length = 0;
  if (at_.state == State::kInSb) {
    length = std::min(input.find(kIacChar), input.size());
    if (payload_.size() + length > kMaxSubnegotiation) at_.isOversized = true;
    if (!at_.isOversized) payload_.append(input.substr(0, length));
    if (length == input.size()) return length;
    at_.state = State::kInSbAfterIac;
    return length + 1;
  }
  const auto byte = static_cast<uint8_t>(input.front());
  if (byte == kIac) {
    at_.state = State::kInSb;
    if (payload_.size() == kMaxSubnegotiation) at_.isOversized = true;
    if (!at_.isOversized) payload_.push_back(kIacChar);
    return 1;
  }
  endSubnegotiation(token);
  if (byte == kSe) {
    at_.state = State::kText;
    return 1;
  }
  // A missing IAC SE: the sub-negotiation ends here and the byte is read again, as a command.
  at_.state = State::kAfterIac;
  return 0;
}

void TelnetParser::endSubnegotiation(Token& token) {
  token.kind = at_.isOversized ? Token::Kind::kOversized : Token::Kind::kSubnegotiation;
  token.code = at_.option;
  finished_ = std::exchange(payload_, {});  // most connections negotiate once: keep no capacity for it
  token.bytes = at_.isOversized ? std::string_view{} : std::string_view{finished_};
}

void TelnetParser::wipeLast() {
  explicit_bzero(finished_.data(), finished_.size());
  finished_.clear();
}

}  // namespace gw::telnet
