#pragma once
// LinkTest: a gateway that waits for a backend, and backends that a test speaks for.

#include <nlohmann/json.hpp>
#include <optional>

#include "integration/gateway_fixture.h"
#include "support/link_peer.h"
#include "support/tcp_client.h"
#include "support/v1_client.h"

namespace gw::test {

using Json = nlohmann::json;

class LinkTest : public GatewayTest {
 protected:
  /// patch: onto a configuration with backend mode link. rights: of the backend's token, as flags.
  void launchLink(const Json& patch = Json::object(), std::vector<std::string> rights = {}) {
    Json config{{"backend", {{"mode", "link"}, {"listen", {{"bind", "127.0.0.1"}, {"port", 0}}}}}};
    config.merge_patch(patch);
    prepare(config.dump());
    token_ = gateway().makeBackendToken("world", std::move(rights));
    gateway().start();
  }
  LinkPeer backend(LinkPeerOptions options = {}) {
    LinkPeer peer(gateway().linkPort(), std::move(options));
    peer.enter(token_);
    return peer;
  }
  /// A player with the character "Hero"; the backend is asked along the way.
  V1Client player(LinkPeer& world, const std::string& name = "anna") {
    V1Client client(gateway().httpPort());
    const std::string connect = client.send("connect", {{"device", {{"id", "d-" + name}}},
                                                        {"auth", {{"username", name}, {"password", "secret"}}},
                                                        {"character", "Hero of " + name}});
    waitUntil("the player is connected", [&] {
      world.poll();
      client.poll();
      answer_ = client.takeAnswer(connect);
      return answer_.has_value();
    });
    if (!answer_->value("ok", false)) throw std::runtime_error("not let in: " + answer_->dump());
    return client;
  }
  static std::string idOf(const V1Client& client) { return client.session().at("id").get<std::string>(); }

  std::string token_;
  std::optional<Json> answer_;
};

}  // namespace gw::test
