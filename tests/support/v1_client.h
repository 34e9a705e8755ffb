#pragma once
// V1Client: a gateway.v1 player over WebSocket that keeps the rules of docs/protocol/gateway-v1.md and
// counts breaches: an event at or below the highest position seen is a duplicate. Not thread-safe.

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/v1_position.h"
#include "support/ws_client.h"

namespace gw::test {

class V1Client {
 public:
  explicit V1Client(uint16_t port, const WsOptions& options = {}) : ws_(port, options) {}

  /// Sends a request and waits for its `res`; answers the payload, throws with the error if not ok.
  nlohmann::json request(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
  /// The whole `res`, ok or not. Throws if the connection ends first.
  nlohmann::json tryRequest(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
  /// The answer to a request that was sent, if it has been read.
  std::optional<nlohmann::json> takeAnswer(const std::string& id);
  /// Sends and does not wait; answers the id.
  std::string send(const std::string& method, const nlohmann::json& params = nlohmann::json::object());

  /// connect as a guest, which is Playing at once.
  nlohmann::json enterAsGuest();
  /// connect with registration and a character of the same name.
  nlohmann::json enterAsNew(const std::string& name, const std::string& password,
                            const nlohmann::json& more = nlohmann::json::object());
  nlohmann::json login(const std::string& name, const std::string& password,
                       const nlohmann::json& more = nlohmann::json::object());
  nlohmann::json resume(const std::string& token, const std::string& attempt, Position from);
  void command(const std::string& text) { (void)request("command", {{"text", text}}); }

  /// The next event, whichever; nothing once the connection has ended.
  std::optional<nlohmann::json> next(Ms limit = kPatience);
  /// Waits for an event whose text contains `text`; throws with what it saw instead.
  nlohmann::json expect(const std::string& text, Ms limit = kPatience);
  nlohmann::json expectEvent(const std::string& name, Ms limit = kPatience);
  /// Takes what has arrived, without waiting; false once the connection has ended.
  bool poll();
  /// Reads to the end; answers the close code, 1006 without one.
  uint16_t readToClose(Ms limit = kPatience);

  /// What hello-ok, or the answer of characters.select, said last.
  const nlohmann::json& session() const { return session_; }
  std::string reconnectToken() const { return session_.at("reconnectToken").get<std::string>(); }
  Position position() const { return position_; }
  size_t duplicates() const { return duplicates_; }
  uint16_t closeCode() const { return closeCode_; }
  WsClient& ws() { return ws_; }
  std::deque<nlohmann::json>& events() { return events_; }

 private:
  bool readFrame(const Deadline& deadline);
  void take(const WsFrame& frame);
  void takeFrame(nlohmann::json frame);

  WsClient ws_;
  std::deque<nlohmann::json> events_;
  std::vector<nlohmann::json> answers_;
  nlohmann::json session_ = nlohmann::json::object();
  Position position_;
  uint64_t epoch_ = 0;  // the last one told on this connection
  size_t duplicates_ = 0;
  uint16_t closeCode_ = 0;
  int nextId_ = 1;
};

}  // namespace gw::test
