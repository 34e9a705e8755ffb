#pragma once
// Conversation: what a client of a channel says, and what the host does meanwhile, as its author wrote it down.
// docs/plugin-authors/conformance.md describes the format.

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "testing/fake_host.h"

namespace gw::conform {

struct Step {
  enum class Kind { kSend, kText, kPrompt, kData, kWait, kLogin, kEof };
  Kind kind = Kind::kSend;
  std::string bytes{};    // kSend: the client's; kText, kPrompt: what is shown; kData: the payload
  std::string name{};     // kData: the event's
  uint64_t ms = 0;        // kWait
  uint32_t login = 0;     // kLogin: GW_LOGIN_*
  bool isHidden = false;  // kPrompt: a password
};

/// The HTTP request that a stream begins with.
struct Opening {
  std::string method, path, query, body;
  testing::Headers headers;
  uint32_t answer = 200;  // to request_bind and request_frame; 200: bound
};

struct Conversation {
  std::string name;                    // its file's, or what it is
  std::optional<std::string> options;  // of the account, instead of --options
  std::optional<Opening> request;      // none: a socket of its own
  bool isTls = false;
  bool isGuessed = false;  // not its author's: that it opens nothing says nothing
  std::vector<Step> steps;

  /// Of all the client's bytes.
  size_t bytesSent() const;
};

/// FILE:LINE: what is wrong.
struct ConversationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr size_t kMostConversationBytes = 64 * 1024;  // of a file
inline constexpr size_t kMostSteps = 256;
inline constexpr size_t kMostSent = 4096;  // bytes of a client: each place among them is tried

/// Throws ConversationError.
Conversation parseConversation(std::string_view text, const std::string& name);
Conversation readConversation(const std::string& file);

/// Bytes as they stand behind `send`; cut if long.
std::string inQuotes(std::string_view bytes);

/// For a plugin of which nothing is known: lines of text, and every byte there is.
std::vector<Conversation> usualConversations();

}  // namespace gw::conform
