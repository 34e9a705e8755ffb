#include "gmcp_peer.h"

#include <algorithm>
#include <utility>

#include "telnet_channel.h"

namespace gw::telnet {
namespace {

uint32_t hostKind(SignIn::Kind kind) {
  switch (kind) {
    case SignIn::Kind::kPassword:
      return GW_SIGN_IN_PASSWORD;
    case SignIn::Kind::kToken:
      return GW_SIGN_IN_TOKEN;
    case SignIn::Kind::kByHand:
      break;
  }
  return GW_SIGN_IN_BY_HAND;
}

}  // namespace

bool GmcpPeer::receive(std::string_view payload, std::string& out) {
  switch (gmcp_.receive(payload)) {
    case Gmcp::Heard::kNothing:
      return false;
    case Gmcp::Heard::kPing:
      appendGmcp("Core.Ping", {}, out);
      return false;
    case Gmcp::Heard::kSupports:
      offer(out);
      return false;
    case Gmcp::Heard::kSignIn:
      waiting_ = gmcp_.takeSignIn();
      signIn(out);
      return true;
    case Gmcp::Heard::kUnknown:
    case Gmcp::Heard::kUnusable:
      metrics_.gmcpIgnored.add();
      return true;
  }
  return false;
}

/// Once: to a client each Default is a new login, and a stored password that was wrong would come again.
void GmcpPeer::offer(std::string& out) {
  if (!isOpen_ || isOffered_ || !isListed()) return;
  isOffered_ = true;
  appendGmcp("Char.Login.Default", loginDefault(std::min(gmcp_.versionOf(kCharLogin), kCharLoginVersion)), out);
}

void GmcpPeer::signIn(std::string& out) {
  if (underWay_ || !waiting_) return;  // kept until the verdict; the host opens again if it is a refusal
  const SignIn::Kind kind = waiting_->kind;
  const gw_status status = conn_.signIn(hostKind(kind), waiting_->account, waiting_->secret, gmcp_.wantsToken());
  if (status == GW_E_AGAIN) return;
  waiting_.reset();
  if (status == GW_OK && kind != SignIn::Kind::kByHand) underWay_ = kind;
  if (status == GW_OK) return;
  metrics_.gmcpIgnored.add();
  if (status == GW_E_LIMIT && kind == SignIn::Kind::kPassword) answer(false, "Too many tries. Wait a little.", out);
}

void GmcpPeer::onLogin(const gw_login_event& event, std::string& out) {
  switch (event.kind) {
    case GW_LOGIN_OPEN:
      isOpen_ = true;
      offer(out);
      return signIn(out);
    case GW_LOGIN_SIGNED_IN:
      isOpen_ = false;
      underWay_.reset();
      waiting_.reset();
      return answer(true, sdk::view(event.message_h), out);
    case GW_LOGIN_REFUSED:
      underWay_.reset();
      return answer(false, sdk::view(event.message_h), out);
    case GW_LOGIN_UNDECIDED:
      // A client throws a refused token away, and this one may be good: it is told nothing, the person is.
      if (std::exchange(underWay_, std::nullopt) == SignIn::Kind::kToken) return;
      return answer(false, sdk::view(event.message_h), out);
    case GW_LOGIN_TOKEN:
      if (gmcp_.wantsToken()) {
        appendGmcp("Char.Login.Token",
                   loginToken(sdk::view(event.account_h), sdk::view(event.token_h), event.secure_only != 0), out);
      }
      return;
    default:
      return;
  }
}

void GmcpPeer::answer(bool isSuccess, std::string_view message, std::string& out) {
  if (isListed()) appendGmcp("Char.Login.Result", loginResult(isSuccess, message), out);
}

}  // namespace gw::telnet
