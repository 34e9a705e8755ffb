#pragma once
// One driver for all channels: a plugin's table under FakeHost, and what a fuzzer says that peer and host do.
//
// An input's first byte chooses what is tried (its lowest two bits) and with which options and stream (the others):
//   0, 1  a conversation in steps (Op), once as it is and, if it has a kMove in it, once with the connection moved to
//         another generation there. Nobody outside may see a difference, and every state that can be reached can move.
//   2     the rest is a state to import. What is taken must be able to move on, and survives a conversation.
//   3     an HTTP request (channels with routes); for others as 0.

#include <string>
#include <string_view>
#include <vector>

#include "testing/fake_host.h"

namespace gw::fuzz {

/// Steps of a conversation; each is a byte, then what it says.
enum class Op : uint8_t {
  kPiece,         // piece: bytes arrive
  kBytes,         // piece: they arrive one by one
  kText,          // byte: which
  kPrompt,        // byte: which, and whether the echo is off
  kData,          //
  kAnswerHello,   // byte: odd: refused
  kMove,          //
  kWait,          // byte: how long
  kLogin,         // byte: what news of it
  kNotice,        // byte: of what
  kSubmitResult,  // byte: what submit and sign_in answer from now on
  kFrameResult,   // byte: what frame answers from now on
  kOutput,        // byte: odd: the queue is full; even: it has room again
  kChargeLimit,   // byte: so many units more
  kEndTurn,       //
  kEvent,         // byte: an answer to which token
  kEof,           //
  kCloseBegin,    // byte: why
  kCount
};

struct ChannelUnderFuzz {
  const gw_plugin& plugin;
  std::vector<std::string> options;             // of the account; at least one
  std::vector<testing::OpenOptions> streams{};  // empty: as FakeHost opens them
  bool hasInput = true;                         // false: event streams, whose peers only listen
  std::vector<std::string_view> methods{};      // empty: no routes
  std::vector<std::string_view> paths{};
  std::vector<std::string_view> headers{};
};

void fuzzChannel(const ChannelUnderFuzz& channel, std::string_view input);

/// Writes conversations for seeds.
class Script {
 public:
  explicit Script(uint8_t variant = 0) : bytes_(1, static_cast<char>(variant << 2)) {}
  /// As many pieces as are needed.
  Script& says(std::string_view bytes, Op how = Op::kPiece);
  Script& then(Op op, uint8_t argument);
  Script& then(Op op);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace gw::fuzz
