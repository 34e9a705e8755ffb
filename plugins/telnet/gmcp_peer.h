#pragma once
// GmcpPeer: a connection's GMCP between the codec and the host: answers Core, carries sign-ins to the host
// and its verdicts back. Nothing is sent of a package that the client has not listed.
// Thread: [loop].

#include <optional>
#include <string>
#include <string_view>

#include "gmcp.h"
#include "gw/host.hpp"

namespace gw::telnet {

struct TelnetMetrics;

class GmcpPeer {
 public:
  /// isOpen: the host asks who is there already. `metrics` outlives it.
  GmcpPeer(sdk::HostConn conn, const TelnetMetrics& metrics, bool isOpen)
      : conn_(conn), metrics_(metrics), isOpen_(isOpen) {}

  /// One message; answers are appended to `out`. True: it held a secret, which should be overwritten.
  bool receive(std::string_view payload, std::string& out);
  void onLogin(const gw_login_event& event, std::string& out);
  const std::string& client() const { return gmcp_.client(); }

  /// Its part of a state (gw/state.hpp); a sign-in that waits is in it, secret and all.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);

 private:
  bool isListed() const { return gmcp_.versionOf(kCharLogin) > 0; }
  void offer(std::string& out);
  void signIn(std::string& out);
  void answer(bool isSuccess, std::string_view message, std::string& out);

  sdk::HostConn conn_;
  const TelnetMetrics& metrics_;
  Gmcp gmcp_;
  std::optional<SignIn> waiting_;         // for the host to ask; the latest one
  std::optional<SignIn::Kind> underWay_;  // what the host is checking
  bool isOpen_;
  bool isOffered_ = false;
};

template <class Self, class Fields>
void GmcpPeer::fields(Self& self, Fields& f) {
  f.section(1, "messages", [&](auto& inner) { Gmcp::fields(self.gmcp_, inner); });
  bool isWaiting = self.waiting_.has_value();
  f.flag(2, "isWaiting", isWaiting);
  if constexpr (Fields::isReading) {
    if (isWaiting) self.waiting_.emplace();
  }
  if (isWaiting) {
    f.section(3, "waiting", [&](auto& inner) {
      inner.number(1, "kind", self.waiting_->kind, SignIn::Kind::kToken);
      inner.text(2, "account", self.waiting_->account, kMaxSignInAccount);
      inner.text(3, "secret", self.waiting_->secret, kMaxSignInSecret);
    });
  }
  bool isUnderWay = self.underWay_.has_value();
  SignIn::Kind underWay = self.underWay_.value_or(SignIn::Kind::kByHand);
  f.flag(4, "isUnderWay", isUnderWay);
  f.number(5, "underWay", underWay, SignIn::Kind::kToken);
  f.flag(6, "isOpen", self.isOpen_);
  f.flag(7, "isOffered", self.isOffered_);
  if constexpr (Fields::isReading) {
    if (isUnderWay) self.underWay_ = underWay;
  }
}

}  // namespace gw::telnet
