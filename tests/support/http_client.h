#pragma once
// HTTP by plain sockets: one request at a time, and an event stream. RpcClient speaks gateway.v1 by
// POST /rpc. Not thread-safe. Failures throw std::runtime_error.

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/tcp_client.h"
#include "support/v1_position.h"

namespace gw::test {

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

/// One request on a connection of its own. headers: "Name: value" lines; Host is added unless given.
HttpAnswer httpRequest(uint16_t port, const std::string& method, const std::string& target,
                       const std::vector<std::string>& headers = {}, const std::string& body = {},
                       const std::string& source = "127.0.0.1");

struct SseEvent {
  std::string id;
  std::string event;
  std::string data;
};

class SseStream {
 public:
  /// GET /events with the Bearer token, from where lastEventId says (empty: nothing). more: further header lines.
  SseStream(uint16_t port, const std::string& accessToken, const std::string& lastEventId = {},
            const std::vector<std::string>& more = {});

  int status() const { return status_; }
  /// The next event; nothing at the end of the stream. Throws when the time is over.
  std::optional<SseEvent> next(Ms limit = kPatience);
  /// An event that is there already, without waiting.
  std::optional<SseEvent> nextNow();
  /// Waits for an event whose data contains `text`.
  SseEvent expect(const std::string& text, Ms limit = kPatience);
  TcpClient& socket() { return socket_; }

 private:
  std::optional<SseEvent> parse();

  TcpClient socket_;
  std::string buffer_;
  int status_ = 0;
};

class RpcClient {
 public:
  explicit RpcClient(uint16_t port, std::string source = "127.0.0.1") : port_(port), source_(std::move(source)) {}

  /// Answers the payload of `res`; throws with the error object if it is not ok.
  nlohmann::json request(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
  /// The whole `res`, ok or not.
  nlohmann::json tryRequest(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
  /// connect; keeps the accessToken for what follows.
  nlohmann::json connect(const nlohmann::json& params);
  const std::string& accessToken() const { return accessToken_; }
  void setAccessToken(std::string token) { accessToken_ = std::move(token); }

 private:
  const uint16_t port_;
  const std::string source_;
  std::string accessToken_;
  int nextId_ = 1;
};

}  // namespace gw::test
