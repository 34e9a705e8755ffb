#pragma once
// What FakeHost is given to deliver, and what it records: plain values.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gw/encode.h"
#include "gw/event.h"
#include "gw/login.h"

namespace gw::testing {

/// How moving a connection went (gw/migrate.h).
struct FakeMigration {
  enum class Outcome { kMoved, kNotYet, kNever, kFailed };
  Outcome outcome = Outcome::kFailed;
  std::string reason;    // of quiesce, export or import; or what the plugin did against the contract
  uint32_t version = 0;  // of the state
  std::string state;
};

/// An outbound event to deliver; defaults as the host would fill them.
struct FakeEvent {
  uint32_t kind = GW_KIND_TEXT;
  uint32_t flags = 0;
  uint32_t delivery = GW_DELIVERY_MUST;
  std::string name = "output";
  std::string text;
  std::string terminal;
  std::vector<gw_span> spans;
  std::string payload = "{}";
  uint64_t stateVersion = 0;

  static FakeEvent line(std::string text, std::vector<gw_span> spans = {});
  /// delivery latest:prompt
  static FakeEvent prompt(std::string text, uint32_t flags = 0);
  static FakeEvent data(std::string name, std::string payload);
};

/// gw_hello and gw_input as they were given, copied.
struct RecordedHello {
  uint64_t token = 0;
  uint32_t mode = 0, caps = 0, width = 0, height = 0;
  std::string credential, device, gameSession, attempt, client;
  uint64_t epoch = 0, lastSeq = 0;
};
struct RecordedInput {
  uint64_t token = 0;
  uint32_t kind = 0;
  uint64_t clientSeq = 0;
  uint32_t caps = 0, width = 0, height = 0;
  std::string text;
};
struct RecordedSignIn {
  uint32_t kind = 0;
  bool wantsToken = false;
  std::string account, secret;
  bool operator==(const RecordedSignIn&) const = default;
};
/// A gw_login_event to tell.
struct FakeLogin {
  uint32_t kind = GW_LOGIN_OPEN;
  std::string account{}, message{}, token{};
  bool secureOnly = true;
};
/// A gw_work_order that start() took.
struct RecordedWork {
  uint64_t token = 0;
  uint64_t deadlineMs = 0;
  std::string input;
};
struct RecordedClose {
  uint32_t code = 0;
  std::string reason;
};
struct RecordedClass {
  uint64_t key = 0;
  uint32_t flags = 0;
  std::string description;
};
struct RecordedLog {
  int32_t level = 0;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
};
using Headers = std::vector<std::pair<std::string, std::string>>;

struct OpenOptions {
  std::string peer = "127.0.0.1:50000";
  std::string local = "127.0.0.1:4000";
  std::string listener = "default";
  std::string subprotocol, extensions;
  uint64_t user = 0;
  bool isTls = false;
  bool isBound = false;
};

}  // namespace gw::testing
