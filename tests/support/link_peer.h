#pragma once
// LinkPeer: a backend at the other end of the link, frame by frame (docs/protocol/backend-link.md): it answers logins
// with whoever asks, and does nothing else that a test has not told it to. Not thread-safe.

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "support/ws_client.h"

namespace gw::test {

struct LinkPeerOptions {
  std::string name = "world";
  std::string instance = "i1";
  nlohmann::json capabilities = {{"registration", true}, {"guests", true}};
  /// Answers authenticate, register, guest, characters.* and heartbeat by itself.
  bool answers = true;
};

class LinkPeer {
 public:
  using Json = nlohmann::json;

  /// Connects and shakes hands; hello() comes next.
  explicit LinkPeer(uint16_t port, LinkPeerOptions options = {});

  /// The whole res of connect.
  Json connect(const std::string& token);
  /// connect, which must succeed, up to link.ready.
  void enter(const std::string& token);

  void send(const Json& frame) const { ws_.sendText(frame.dump()); }
  /// An n in the payload goes where it belongs, beside it.
  void event(const std::string& name, Json payload) const {
    Json frame{{"type", "event"}, {"event", name}};
    hoistCount(payload, frame);
    frame["payload"] = std::move(payload);
    send(frame);
  }
  /// Sends a request and waits for its res, ok or not.
  Json request(const std::string& method, Json params);
  /// The next counted frame of a session.
  void output(const std::string& session, const std::string& text, uint64_t n) const {
    event("session.output", {{"session", session}, {"n", n}, {"output", {{"type", "text"}, {"text", text}}}});
  }
  void acknowledge(const std::string& session, uint64_t seq) const {
    event("command.ack", {{"session", session}, {"seq", seq}});
  }

  /// The payload of the next event of that name, those before it thrown away; throws with what came instead.
  Json expect(const std::string& name, Ms limit = kPatience);
  /// The next request of the gateway that is not answered by itself.
  Json expectCall(const std::string& method, Ms limit = kPatience);
  void answer(const Json& call, const Json& payload) const {
    send({{"type", "res"}, {"id", call.at("id")}, {"ok", true}, {"payload", payload}});
  }
  void refuse(const Json& call, const std::string& code, const std::string& reason) const {
    send({{"type", "res"},
          {"id", call.at("id")},
          {"ok", false},
          {"error", {{"code", code}, {"message", "no: " + reason}, {"details", {{"reason", reason}}}}}});
  }
  /// Takes what has come without waiting.
  void poll();
  /// What came and nobody took.
  std::deque<Json>& frames() { return frames_; }
  uint16_t readToClose(Ms limit = kPatience) { return ws_.readToClose(limit); }
  WsClient& ws() { return ws_; }

 private:
  static void hoistCount(Json& payload, Json& frame) {
    if (!payload.contains("n")) return;
    frame["n"] = payload["n"];
    payload.erase("n");
  }
  void take(const std::string& message);
  void handle(Json frame);
  Json answerTo(const std::string& method, const Json& params) const;
  template <typename Fits>
  Json await(const std::string& what, Ms limit, Fits fits);

  LinkPeerOptions options_;
  WsClient ws_;
  std::deque<Json> frames_;
  int lastRequest_ = 0;
};

}  // namespace gw::test
