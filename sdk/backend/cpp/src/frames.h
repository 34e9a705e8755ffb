#pragma once
// The frames that a backend sends, as text. docs/protocol/backend-link.md is the contract.

#include <cstdint>
#include <string>
#include <string_view>

#include "gw/backend/types.hpp"

namespace gw::backend {

/// A message is at most this, and so is a frame.
constexpr size_t kMaxMessage = 64 * 1024;

/// The frames that may be counted. The numbers are stored: only add.
enum class FrameKind : uint8_t {
  kOutput = 0,
  kPrompt = 1,
  kEntityChanged = 2,
  kDisconnect = 3,
  kPlain = 4,
  kJoin = 5,
  kLeave = 6,
  kRoomOutput = 7,
  kBroadcast = 8,
};
constexpr uint8_t kFrameKinds = 9;
std::string_view nameOf(FrameKind kind);

/// n 0: not counted.
void appendEvent(std::string& out, FrameKind kind, int64_t n, std::string_view payload);
std::string commandAck(std::string_view session, int64_t seq);
/// id and payload are JSON.
std::string acceptance(std::string_view id, std::string_view payload);
std::string refusal(std::string_view id, const Refusal& refusal);
std::string request(std::string_view id, std::string_view method, std::string_view params);

struct ConnectParams {
  std::string token;
  std::string name;
  std::string instance;
  bool hasCharacters = true;
  bool hasRegistration = false;
  bool hasGuests = false;
  std::string welcome;
  std::string clientId;
  std::string clientVersion;
};
std::string connectRequest(const ConnectParams& params);

}  // namespace gw::backend
