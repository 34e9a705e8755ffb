#pragma once
// Char.Login 1 and 2: signing in over GMCP. The messages alone; sans-I/O, no SDK.
// https://wiki.mudlet.org/w/Standards:GMCP_Authentication

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::telnet {

inline constexpr std::string_view kCharLogin = "Char.Login";
/// The highest version that we speak.
inline constexpr uint32_t kCharLoginVersion = 2;

// As long as the host takes them.
inline constexpr size_t kMaxSignInAccount = 256;
inline constexpr size_t kMaxSignInSecret = 1024;

/// What a client shows. Wiped when it goes.
struct SignIn {
  enum class Kind : uint8_t { kByHand, kPassword, kToken };
  Kind kind = Kind::kByHand;
  std::string account;
  std::string secret;
  std::optional<bool> keepsTokens;  // token_storage; none: the client has not said

  SignIn() = default;
  SignIn(SignIn&& other) { *this = std::move(other); }
  SignIn& operator=(SignIn&& other);
  SignIn(const SignIn&) = delete;
  SignIn& operator=(const SignIn&) = delete;
  ~SignIn() { wipe(); }
  void wipe();
};

/// Credentials{account, password} or, with isToken, Reconnect{account, token}. Credentials without an account
/// or without a password hand over to the person (version 2 also sends members that are about the client).
/// False: not an object, members of the wrong type, a Reconnect that lacks one, or something too long.
bool parseSignIn(bool isToken, std::string_view json, SignIn& signIn);

// The data of what we send. Version 1 knows no member `version`.
std::string loginDefault(uint32_t version);
std::string loginResult(bool isSuccess, std::string_view message);
std::string loginToken(std::string_view account, std::string_view token, bool isSecureOnly);

}  // namespace gw::telnet
