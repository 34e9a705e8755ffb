#include "option_table.h"

#include <algorithm>

namespace gw::telnet {
namespace {

void put(std::string& out, uint8_t verb, uint8_t option) {
  out.push_back(static_cast<char>(kIac));
  out.push_back(static_cast<char>(verb));
  out.push_back(static_cast<char>(option));
}

void say(Side side, bool on, uint8_t option, std::string& out) {
  put(out, side == Side::kUs ? (on ? kWill : kWont) : (on ? kDo : kDont), option);
}

}  // namespace

int OptionTable::indexOf(uint8_t option) {
  const auto found = std::find(kKnown.begin(), kKnown.end(), option);
  return found == kKnown.end() ? -1 : static_cast<int>(found - kKnown.begin());
}

/// May the client start it? ECHO, EOR and GMCP (which may be switched off) are ours to offer; TTYPE, NAWS and ECHO only
/// the client's or only ours to perform.
bool OptionTable::isWelcome(Side side, uint8_t option) {
  switch (option) {
    case kOptBinary:
    case kOptSga:
    case kOptCharset:
      return true;
    case kOptEndOfRecord:
      return side == Side::kUs;
    case kOptTerminalType:
    case kOptNaws:
      return side == Side::kClient;
    default:
      return false;
  }
}

bool OptionTable::isOn(Side side, uint8_t option) const {
  const int index = indexOf(option);
  return index >= 0 && state(side, index) == Q::kYes;
}

bool OptionTable::isSettled(Side side, uint8_t option) const {
  const int index = indexOf(option);
  return index < 0 || state(side, index) == Q::kYes || state(side, index) == Q::kNo;
}

void OptionTable::request(Side side, uint8_t option, bool on, std::string& out) {
  const int index = indexOf(option);
  if (index < 0) return;
  Q& now = state(side, index);
  switch (now) {
    case Q::kNo:
      if (!on) return;
      now = Q::kWantYes;
      return say(side, true, option, out);
    case Q::kYes:
      if (on) return;
      now = Q::kWantNo;
      return say(side, false, option, out);
    // RFC 1143: a change of mind waits for the answer; otherwise two requests could cross.
    case Q::kWantNo:
    case Q::kWantNoOpposite:
      now = on ? Q::kWantNoOpposite : Q::kWantNo;
      return;
    case Q::kWantYes:
    case Q::kWantYesOpposite:
      now = on ? Q::kWantYes : Q::kWantYesOpposite;
      return;
  }
}

bool OptionTable::receive(uint8_t verb, uint8_t option, std::string& out) {
  const Side side = sideOf(verb);
  const bool on = verb == kWill || verb == kDo;
  if (verb == kDo && option == kOptTimingMark) {
    put(out, kWill, option);  // RFC 860: answered every time; inetutils discards output until then
    return false;
  }
  const int index = indexOf(option);
  if (index < 0) {
    if (on) refuse(side, option, out);
    return false;
  }
  Q& now = state(side, index);
  return on ? receiveOn(side, option, now, out) : receiveOff(side, option, now, out);
}

/// A refusal is said once per option: a peer that insists gets no second answer to loop on.
void OptionTable::refuse(Side side, uint8_t option, std::string& out) {
  uint64_t& word = refused_[static_cast<size_t>(side)][option / 64];
  const uint64_t bit = uint64_t{1} << (option % 64);
  if ((word & bit) != 0) return;
  word |= bit;
  say(side, false, option, out);
}

bool OptionTable::receiveOn(Side side, uint8_t option, Q& now, std::string& out) {
  switch (now) {
    case Q::kNo:
      if (!isWelcome(side, option)) {
        refuse(side, option, out);
        return false;
      }
      now = Q::kYes;
      say(side, true, option, out);
      return true;
    case Q::kYes:
      return false;
    case Q::kWantNo:  // an error of the peer: our "off" answered by "on"
      now = Q::kNo;
      return true;
    case Q::kWantNoOpposite:
      now = Q::kYes;
      return true;
    case Q::kWantYes:
      now = Q::kYes;
      return true;
    case Q::kWantYesOpposite:
      now = Q::kWantNo;
      say(side, false, option, out);
      return false;
  }
  return false;
}

bool OptionTable::receiveOff(Side side, uint8_t option, Q& now, std::string& out) {
  switch (now) {
    case Q::kNo:
      return false;
    case Q::kYes:
      now = Q::kNo;
      say(side, false, option, out);
      return true;
    case Q::kWantNo:
      now = Q::kNo;
      return true;
    case Q::kWantNoOpposite:
      now = Q::kWantYes;
      say(side, true, option, out);
      return false;
    case Q::kWantYes:
    case Q::kWantYesOpposite:
      now = Q::kNo;
      return true;
  }
  return false;
}

std::string OptionTable::negotiated(Side side) const {
  std::string pairs;
  for (size_t i = 0; i < kKnown.size(); ++i) {
    const Q now = state(side, static_cast<int>(i));
    if (now != Q::kNo) pairs.append({static_cast<char>(kKnown[i]), static_cast<char>(now)});
  }
  return pairs;
}

bool OptionTable::setNegotiated(Side side, std::string_view pairs) {
  if (pairs.size() % 2 != 0) return false;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const int index = indexOf(static_cast<uint8_t>(pairs[i]));
    const auto value = static_cast<uint8_t>(pairs[i + 1]);
    if (index < 0 || value > static_cast<uint8_t>(Q::kWantYesOpposite)) return false;
    state(side, index) = static_cast<Q>(value);
  }
  return true;
}

std::string OptionTable::refusals(Side side) const {
  std::string options;
  for (unsigned option = 0; option < 256; ++option) {
    const uint64_t word = refused_[static_cast<size_t>(side)][option / 64];
    if ((word >> (option % 64) & 1) != 0) options.push_back(static_cast<char>(option));
  }
  return options;
}

void OptionTable::setRefusals(Side side, std::string_view options) {
  for (const char c : options) {
    const auto option = static_cast<uint8_t>(c);
    refused_[static_cast<size_t>(side)][option / 64] |= uint64_t{1} << (option % 64);
  }
}

}  // namespace gw::telnet
