#pragma once
// GatewaySink: the gateway as a backend sees it. Cleans what comes in, then posts it to the session's
// home loop or publishes it on the Bus. Thread: any.

#include <memory>
#include <vector>

#include "session/backend_port.h"

namespace gw::broadcast {
class Bus;
}
namespace gw::net {
class EventLoop;
}
namespace gw::session {
struct Services;
}

namespace gw {

class GatewaySink final : public session::BackendSink {
 public:
  GatewaySink(session::Services& services, broadcast::Bus& bus,
              const std::vector<std::unique_ptr<net::EventLoop>>& loops)
      : services_(services), bus_(bus), loops_(loops) {}

  void output(SessionId session, plugin::Event event, uint64_t n) override;
  void prompt(SessionId session, std::string text, bool echo) override;
  void acknowledge(SessionId session, uint64_t seq) override;
  void disconnect(SessionId session, std::string reason, std::string text) override;
  void broadcastToRoom(std::string room, plugin::Event event, std::vector<SessionId> exclude,
                       std::vector<std::string> excludeUsers) override;
  void broadcast(plugin::Event event) override;
  void joinRoom(SessionId session, std::string room) override;
  void leaveRoom(SessionId session, std::string room) override;
  void setPlain(SessionId session, bool plain) override;
  void broadcastTo(plugin::Event event, std::vector<SessionId> include, std::vector<SessionId> exclude) override;
  void frame(const SessionId& session, session::SessionFrame frame) override;
  void introduce(const SessionId& session) override;
  void giveAgain(const SessionId& session, uint64_t fromSeq) override;
  void describe(const SessionId& session, session::Reply<session::SessionFacts> reply) override;
  void keep(std::string key, std::string value, UniqueFunction<void(Result<void>)> done) override;
  void beginUnit() override;
  void endUnit() override;
  bool isCongested() const override;
  void whenUncongested(Task wake) override;

 private:
  template <typename F>
  void atHome(const SessionId& id, size_t bytes, F&& then);
  session::Services& services_;
  broadcast::Bus& bus_;
  const std::vector<std::unique_ptr<net::EventLoop>>& loops_;
};

}  // namespace gw
