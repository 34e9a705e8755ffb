#pragma once
// Gmcp: the GMCP layer of one connection (telnet option 201). Payloads of sub-negotiations in; what they
// ask for, and what the client has said of itself, out. Sans-I/O; no SDK.
//
// Invariants: nothing that a client sends can fail, only be useless; the list of packages and every string
// that is kept are bounded; JSON is refused beyond 64 levels before it is parsed.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "char_login.h"

namespace gw::telnet {

inline constexpr size_t kMaxGmcpPackages = 64;
inline constexpr size_t kMaxGmcpName = 64;
inline constexpr size_t kMaxGmcpClient = 40;
inline constexpr uint32_t kMaxGmcpVersion = 1000;

class Gmcp {
 public:
  enum class Heard : uint8_t {
    kNothing,   // dealt with; there is nothing to do
    kPing,      // to be answered by Core.Ping
    kSupports,  // the list of packages has changed
    kSignIn,    // takeSignIn() has it
    kUnknown,   // a package that we do not speak
    kUnusable,  // no message, or its data is not what the package says
  };
  /// One payload, unescaped: `Package.Message` or `Package.Message JSON`. Names in any case.
  Heard receive(std::string_view payload);

  /// The version the client listed in Core.Supports; 0: not listed, so nothing of it may be sent.
  uint32_t versionOf(std::string_view package) const;
  /// From Core.Hello, "Mudlet 4.19.1"; not cleaned. Empty: it has not said.
  const std::string& client() const { return client_; }
  /// The last Credentials or Reconnect; once.
  SignIn takeSignIn() { return std::move(signIn_); }
  /// The client understands reconnect tokens and has not said that it would throw them away.
  bool wantsToken() const { return keepsTokens_ && versionOf(kCharLogin) >= 2; }

  /// Its part of a state (gw/state.hpp). A sign-in that has not been taken is not in it.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);

 private:
  Heard hello(std::string_view json);
  Heard supports(std::string_view verb, std::string_view json);
  Heard login(std::string_view verb, std::string_view json);
  void list(std::string name, uint32_t version);

  std::vector<std::pair<std::string, uint32_t>> packages_;  // in lower case; at most kMaxGmcpPackages
  std::string client_;
  SignIn signIn_;
  bool keepsTokens_ = true;  // unless it says otherwise: clients before that member kept them
};

template <class Self, class Fields>
void Gmcp::fields(Self& self, Fields& f) {
  f.list(1, "packages", self.packages_, kMaxGmcpPackages, [](auto& package, auto& inner) {
    inner.text(1, "name", package.first, kMaxGmcpName);
    inner.number(2, "version", package.second, kMaxGmcpVersion);
  });
  f.text(2, "client", self.client_, kMaxGmcpClient);
  bool losesTokens = !self.keepsTokens_;
  f.flag(3, "losesTokens", losesTokens);
  if constexpr (Fields::isReading) self.keepsTokens_ = !losesTokens;
}

/// IAC SB 201 name SP json IAC SE; without the space if there is no data.
void appendGmcp(std::string_view name, std::string_view json, std::string& out);

}  // namespace gw::telnet
