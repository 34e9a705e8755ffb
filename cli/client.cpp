#include "client.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/SocketImpl.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/URI.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <istream>

#include "cli_error.h"
#include "text.h"

namespace gw::cli {
namespace {

using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;

constexpr size_t kMostAnswer = 64U << 20;

/// The gateway's own system user, if the machine has it; only root can make it.
bool isGatewayUser(uid_t uid) {
  std::array<char, 16384> text{};
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r("gatehouse", &entry, text.data(), text.size(), &found);
  return error == 0 && found != nullptr && found->pw_uid == uid;
}

/// A stranger who made a socket at a usual place must not get what we say.
void refuseStranger(const StreamSocket& socket, const std::string& path) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  const bool isKnown = ::getsockopt(socket.impl()->sockfd(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0;
  if (isKnown && (credentials.uid == 0 || credentials.uid == geteuid() || isGatewayUser(credentials.uid))) return;
  throw CliError(
      kForbidden,
      path + " is served by user " + std::to_string(credentials.uid) + ", who is neither you, root nor gatehouse",
      "if that is your gateway, run gwctl as that user");
}

[[noreturn]] void failToConnect(const std::string& where, int error) {
  if (error == EACCES || error == EPERM) {
    throw CliError(kForbidden, "you may not open " + where,
                   "run as the user that runs gwhost, as root, or as a member of the group gatehouse");
  }
  throw CliError(kUnreachable, "no gateway answers on " + where, "start gwhost, or look whether --socket is right");
}

StreamSocket connectTo(const Endpoint& endpoint, std::chrono::milliseconds timeout) {
  const std::string where = endpoint.isTcp() ? endpoint.host + ":" + std::to_string(endpoint.port) : endpoint.socket;
  const Poco::Timespan limit(timeout.count() * 1000);
  StreamSocket socket;
  try {
    errno = 0;
    if (endpoint.isTcp()) {
      socket.connect(SocketAddress(endpoint.host, endpoint.port), limit);
    } else {
      socket.connect(SocketAddress(SocketAddress::UNIX_LOCAL, endpoint.socket));
      refuseStranger(socket, endpoint.socket);
    }
    socket.setReceiveTimeout(limit);
    socket.setSendTimeout(limit);
  } catch (const Poco::TimeoutException&) {
    throw CliError(kTimeout, "connecting to " + where + " took too long");
  } catch (const Poco::Exception& e) {
    failToConnect(where, e.code() != 0 ? e.code() : errno);
  }
  return socket;
}

std::string readAll(std::istream& in) {
  std::string text;
  std::array<char, 16384> chunk{};
  while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) {
    text.append(chunk.data(), static_cast<size_t>(in.gcount()));
    if (text.size() > kMostAnswer) throw CliError(kFailure, "the gateway's answer is larger than 64 MiB");
  }
  return text;
}

ExitCode exitOf(int status, const std::string& code) {
  if (code == "INVALID_CONFIG") return kInvalidConfig;
  switch (status) {
    case 400:
      return kUsage;
    case 401:
    case 403:
      return kForbidden;
    case 404:
      return kNotFound;
    case 409:
      return kConflict;
    case 408:
    case 504:
      return kTimeout;
    default:
      return kFailure;
  }
}

/// Throws what an answer of 400 and above says.
void throwIfRefused(int status, const std::string& text) {
  if (status < 400) return;
  const Json json = Json::parse(text, nullptr, false);
  const bool isOurs = json.is_object() && json.contains("error") && json["error"].is_object();
  if (!isOurs) throw CliError(exitOf(status, ""), "the gateway answered with status " + std::to_string(status));
  const Json& error = json["error"];
  const std::string code = error.value("code", "");
  std::string hint = error.value("hint", "");
  if (error.contains("retryAfterMs")) {
    hint += (hint.empty() ? "" : "; ") + std::string("try again in ") +
            std::to_string((error.value("retryAfterMs", 0LL) + 999) / 1000) + " s";
  }
  throw CliError(exitOf(status, code), error.value("message", "failed"), hint, code);
}

}  // namespace

Json Client::post(const std::string& path, const Json& body) const {
  return request("POST", path, body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string Client::getText(const std::string& path) const {
  Answer answer = exchange("GET", path, "");
  throwIfRefused(answer.status, answer.text);
  return std::move(answer.text);
}

Json Client::request(const std::string& method, const std::string& path, const std::string& body) const {
  const Answer answer = exchange(method, path, body);
  throwIfRefused(answer.status, answer.text);
  Json json = Json::parse(answer.text, nullptr, false);
  if (json.is_discarded()) throw CliError(kFailure, "the gateway's answer is not JSON");
  return json;
}

Client::Answer Client::exchange(const std::string& method, const std::string& path, const std::string& body) const {
  const StreamSocket socket = connectTo(endpoint_, timeout_);
  try {
    Poco::Net::HTTPClientSession session(socket);
    session.setTimeout(Poco::Timespan(timeout_.count() * 1000));
    HTTPRequest request(method, path, Poco::Net::HTTPMessage::HTTP_1_1);
    request.set("Host", "localhost");
    if (!endpoint_.token.empty()) request.set("Authorization", "Bearer " + endpoint_.token);
    if (method == "POST") {
      request.setContentType("application/json");
      request.setContentLength64(static_cast<Poco::Int64>(body.size()));
    }
    session.sendRequest(request) << body << std::flush;
    HTTPResponse response;
    std::istream& in = session.receiveResponse(response);
    return {response.getStatus(), readAll(in)};
  } catch (const Poco::TimeoutException&) {
    throw CliError(kTimeout,
                   "the gateway did not answer within " + formatUptime(static_cast<uint64_t>(timeout_.count())),
                   "it may be busy or stopping; a longer wait: --timeout 1m");
  } catch (const Poco::Exception& e) {
    throw CliError(kUnreachable, "the connection to the gateway broke: " + e.displayText(),
                   "look whether gwhost still runs: gwctl status");
  }
}

std::string encoded(const std::string& text) {
  std::string out;
  Poco::URI::encode(text, ":/?#[]@!$&'()*+,;=%", out);
  return out;
}

}  // namespace gw::cli
