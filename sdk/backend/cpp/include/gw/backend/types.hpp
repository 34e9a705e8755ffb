#pragma once
// What a backend and its gateway tell each other about people. Plain values; no thread rule.

#include <cstdint>
#include <string>
#include <vector>

namespace gw::backend {

/// Who logged in. Your id: at most 128 bytes, opaque to the gateway.
struct User {
  std::string id;
  std::string name;
  bool isPlain = false;  // wants plain output (screen readers)
};

struct Character {
  std::string id;
  std::string name;
  std::string summary;  // one line for the list; may be empty
};

/// What somebody typed to log in or to register. Hash the password, forget it.
struct Credentials {
  std::string session;  // of the gateway; for guests as well
  std::string username;
  std::string password;
  std::string address;  // where they come from
};

struct NewCharacter {
  std::string user;  // its id
  std::string name;
  std::string details;  // a JSON object: what else the client sent (race, class, attributes, ...)
};

/// Somebody who plays.
struct Session {
  std::string id;
  std::string userId;
  std::string userName;
  std::string characterId;  // empty for backends without characters
  std::string characterName;
  std::vector<std::string> rooms;  // of the gateway, when it last told
  bool isGuest = false;
  bool isPlain = false;
  bool hasPlayer = true;  // false: nobody is connected; output goes on into their log
};

/// Why a request is answered with no. `message` is shown to the player.
struct Refusal {
  std::string code = "INTERNAL";  // of docs/protocol/gateway-v1.md#errors
  std::string message;
  std::string reason;  // details.reason; may be empty
  int64_t retryAfterMs = -1;

  static Refusal wrongPassword() { return {"UNAUTHORIZED", "Wrong name or password.", "invalidCredentials", -1}; }
  /// Only after the right password: it tells that the account exists.
  static Refusal locked() { return {"FORBIDDEN", "This account is locked.", "accountLocked", -1}; }
  static Refusal nameTaken(std::string message) { return {"CONFLICT", std::move(message), "nameTaken", -1}; }
  static Refusal invalid(std::string message) { return {"INVALID_REQUEST", std::move(message), "invalidData", -1}; }
  static Refusal notFound(std::string message) { return {"NOT_FOUND", std::move(message), "notFound", -1}; }
  static Refusal denied(std::string message) { return {"FORBIDDEN", std::move(message), "permissionDenied", -1}; }
  static Refusal unknownMethod() { return {"METHOD_NOT_FOUND", "This backend does not do that.", "", -1}; }
};

/// Why the gateway tells of a session that was there before.
enum class Cause {
  kLink,      // this connection serves it from now on
  kPlayer,    // the player came back
  kRestored,  // the gateway loaded it from its store
};

}  // namespace gw::backend
