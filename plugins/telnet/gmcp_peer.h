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

}  // namespace gw::telnet
