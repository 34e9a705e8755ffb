#pragma once
// SmallGateway: what Gateway is made of, from streams to the store's queue, on the test's one thread: every
// loop turns when it is told to, time is the test's, and the backend is a SmallWorld. Streams are those of
// the real websocket plugin, on socket pairs. To destroy it is a crash.

#include <memory>
#include <string>
#include <vector>

#include "broadcast/broadcaster.h"
#include "broadcast/bus.h"
#include "gateway_sink.h"
#include "net/event_loop.h"
#include "plugin/stream_host.h"
#include "session/journal.h"
#include "session/services.h"
#include "session/session_manager.h"
#include "support/fake_clock.h"
#include "unit/host/session/survival/held_store.h"
#include "unit/host/session/survival/small_world.h"

namespace gw::test {

struct SmallGatewayOptions {
  bool isStrict = true;
  size_t loops = 1;
  session::SessionLimits limits;
  uint64_t checkpointBytes = 16 * 1024;
};

class SmallGateway {
 public:
  /// Recovers what the journal holds and begins to bring back who was here; turn until isReady().
  SmallGateway(const SmallGatewayOptions& options, FakeClock& clock, std::shared_ptr<store::MemoryDatabase> database,
               std::shared_ptr<plugin::Instance> channel);
  ~SmallGateway();

  bool isReady() const { return loopsToRestore_ == 0; }
  /// A client's end of a new connection; not before isReady().
  int connect(size_t loop);
  void turn(size_t loop) { loops_[loop]->runOnce(0); }
  /// Until nothing is left to do. Each round takes a millisecond. afterTurn: called after each turn of a loop.
  void settle(const std::function<void()>& afterTurn = [] {});
  /// The clean stop, as Gateway::stop(). meanwhile: called after each turn, when others still work.
  void stop(const std::function<void()>& meanwhile);

  size_t loops() const { return loops_.size(); }
  HeldStore& store() { return store_; }
  SmallWorld& world() { return *world_; }
  session::SessionManager& manager(size_t loop) { return *managers_[loop]; }
  session::Session* find(const SessionId& id) { return services_.managers[homeLoop(id, loops_.size())]->find(id); }
  template <typename F>
  void forEachSession(F&& visit) {
    for (auto& manager : managers_) manager->forEachSession(visit);
  }

 private:
  void recover(store::MemoryDatabase& database);
  void buildLoops();
  void restoreSessions();
  void giveQueuedCommands();
  bool isQuiet() const;
  void turnAll(const std::function<void()>& meanwhile);
  void settleJournal(const std::function<void()>& meanwhile);
  void closeStreams(const std::function<void()>& meanwhile);

  const SmallGatewayOptions options_;
  FakeClock& clock_;
  std::shared_ptr<store::MemoryDatabase> database_;
  std::shared_ptr<plugin::Instance> channel_;
  std::shared_ptr<const plugin::AccountTraits> traits_ = std::make_shared<plugin::AccountTraits>();
  session::Admission admission_;
  session::Services services_;
  HeldStore store_;
  std::unique_ptr<session::Journal> journal_;
  std::vector<std::unique_ptr<net::EventLoop>> loops_;
  std::unique_ptr<plugin::StreamHosts> streams_;
  broadcast::Bus bus_;
  std::vector<std::unique_ptr<broadcast::Broadcaster>> broadcasters_;
  std::vector<std::unique_ptr<session::SessionManager>> managers_;
  GatewaySink sink_{services_, bus_, loops_};
  std::unique_ptr<SmallWorld> world_;
  size_t loopsToRestore_ = 0;
  uint16_t nextPort_ = 1;
};

}  // namespace gw::test
