#pragma once
// ProxyHeaderParser: the PROXY protocol's header, versions 1 (a line of text) and 2 (binary), in front
// of everything else on a connection. Sans-I/O.
// Source: HAProxy, doc/proxy-protocol.txt, sections 2.1 and 2.2.
//
// Strict: what does not match to the letter fails at the first byte that is wrong; nothing is guessed.
// Bounded: v1 107 bytes, v2 536 (the smallest segment that every host takes); a longer one fails.
// Not interpreted: destinations (but v1's must be well-formed), TLVs with whatever they carry.
//
// Thread: none of its own.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/connection.h"

namespace gw::net {

class ProxyHeaderParser {
 public:
  static constexpr size_t kMaxV1Bytes = 107;
  static constexpr size_t kMaxV2Bytes = 536;

  enum class State { kWantsMore, kComplete, kFailed };

  /// Returns how many of the bytes belong to the header: all of them while it wants more, never one
  /// behind its end. Takes none once complete or failed.
  size_t feed(std::string_view bytes);
  State state() const { return state_; }
  bool isIdle() const { return header_.empty(); }
  /// Complete: the client that the proxy speaks for. Nothing: the socket's own peer is the client
  /// (v1 UNKNOWN; v2 LOCAL, or a source that is no TCP address: unspecified, Unix, UDP).
  const std::optional<PeerAddress>& source() const { return source_; }
  /// Failed: what is wrong, for logs; static storage.
  const char* error() const { return error_; }

 private:
  void takeLineByte(char byte);
  void takeBinaryByte(char byte);
  void parseLine();
  void judgeFixedPart();
  void parseAddresses();
  void fail(const char* error);

  State state_ = State::kWantsMore;
  const char* error_ = "";
  std::string header_;  // at most kMaxV2Bytes
  size_t v2Bytes_ = 0;  // the whole length, once the fixed part is there
  std::optional<PeerAddress> source_;
};

}  // namespace gw::net
