#pragma once
// Utf8Validator: RFC 3629 over pieces cut anywhere. Fails at the first byte that no valid text can
// have there (RFC 6455 §8.1 wants the failure before the message is complete).
// State: three bytes, trivially copyable, so that a caller can take a step back.

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::websocket {

class Utf8Validator {
 public:
  /// False at the first impossible byte; the validator is of no use afterwards.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// No character is left half.
  [[nodiscard]] bool isComplete() const { return pending_ == 0; }

 private:
  // The bounds of the next continuation byte: narrower than 80..BF after E0, ED, F0 and F4, which is
  // what refuses overlong forms, surrogates and anything above U+10FFFF.
  uint8_t pending_ = 0;
  uint8_t low_ = 0x80;
  uint8_t high_ = 0xBF;
};

/// The text with every invalid sequence replaced by U+FFFD.
std::string repairUtf8(std::string_view bytes);

}  // namespace gw::websocket
