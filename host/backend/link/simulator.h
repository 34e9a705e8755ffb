#pragma once
// Simulator: players that nobody plays, for authors and operators who want to see a backend work or sweat: they log in,
// select a character and type lines, and what comes back is counted and timed. They have no session in the gateway, no
// connection and no log; the backend cannot tell.
//
// It stands between the backend and the gateway's sink, and keeps what is for its players. Thread-safe; its players
// type on a thread of its own. One run at a time.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "session/backend_port.h"
#include "session/session_metadata.h"

namespace gw::link {

struct SimulationOrder {
  uint32_t players = 1;
  double linesPerSecond = 1;  // of each player
  uint64_t forMs = 10'000;
  std::vector<std::string> lines{"look"};  // typed in turn, again and again
  std::string userPrefix = "sim";          // sim1, sim2, …
  std::string password = "simulation";
};

struct SimulationReport {
  bool isRunning = false;
  std::string refusal;  // of the first player who was not let in
  uint32_t players = 0;
  uint32_t entered = 0;
  uint32_t refused = 0;
  uint64_t lines = 0;
  uint64_t held = 0;  // not typed: a hundred were not acknowledged
  uint64_t acknowledged = 0;
  uint64_t frames = 0;
  uint64_t repeated = 0;  // frames that came again, as they may
  uint64_t ahead = 0;     // frames that left one out
  /// From a line to the first frame after it.
  uint64_t p50Us = 0;
  uint64_t p99Us = 0;
  int64_t startedAtUs = 0;
  int64_t endedAtUs = 0;
};

class Simulator final : public session::BackendSink {
 public:
  static constexpr uint32_t kMaxPlayers = 5'000;
  static constexpr uint64_t kMaxMs = 3'600'000;

  Simulator(session::BackendSink& gateway, const Clock& clock) : gateway_(gateway), clock_(clock) {}
  ~Simulator() override;  // stop()

  /// Before anything else.
  void attach(session::Backend& backend) { backend_ = &backend; }
  /// Fails kConflict while a run goes on, kUnavailable without a backend, kInvalid.
  Result<void> start(SimulationOrder order);
  void stop();
  SimulationReport report() const;

  // BackendSink: for a simulated player here, for everybody else the gateway's
  void frame(const SessionId& session, session::SessionFrame frame) override;
  void acknowledge(SessionId session, uint64_t seq) override;
  void introduce(const SessionId& session) override;
  void giveAgain(const SessionId& session, uint64_t fromSeq) override;
  void describe(const SessionId& session, session::Reply<session::SessionFacts> reply) override;
  void output(SessionId session, plugin::Event event, uint64_t n) override;
  void prompt(SessionId session, std::string text, bool echo) override { gateway_.prompt(session, text, echo); }
  void disconnect(SessionId session, std::string reason, std::string text) override {
    gateway_.disconnect(session, std::move(reason), std::move(text));
  }
  void broadcastToRoom(std::string room, plugin::Event event, std::vector<SessionId> exclude,
                       std::vector<std::string> excludeUsers) override {
    gateway_.broadcastToRoom(std::move(room), std::move(event), std::move(exclude), std::move(excludeUsers));
  }
  void broadcast(plugin::Event event) override { gateway_.broadcast(std::move(event)); }
  void broadcastTo(plugin::Event event, std::vector<SessionId> include, std::vector<SessionId> exclude) override {
    gateway_.broadcastTo(std::move(event), std::move(include), std::move(exclude));
  }
  void joinRoom(SessionId session, std::string room) override { gateway_.joinRoom(session, std::move(room)); }
  void leaveRoom(SessionId session, std::string room) override { gateway_.leaveRoom(session, std::move(room)); }
  void setPlain(SessionId session, bool plain) override { gateway_.setPlain(session, plain); }
  void keep(std::string key, std::string value, UniqueFunction<void(Result<void>)> done) override {
    gateway_.keep(std::move(key), std::move(value), std::move(done));
  }
  void beginUnit() override { gateway_.beginUnit(); }
  void endUnit() override { gateway_.endUnit(); }
  bool isCongested() const override { return gateway_.isCongested(); }
  void whenUncongested(Task wake) override { gateway_.whenUncongested(std::move(wake)); }

 private:
  struct Player {
    session::PlayingSession playing;
    session::OutputCounts counts;
    bool hasEntered = false;
    uint64_t seq = 0;
    size_t nextLine = 0;
    uint64_t dueNs = 0;
    uint64_t typedNs = 0;  // the oldest line without a frame after it; 0: none
    std::deque<std::pair<uint64_t, std::string>> unacknowledged;
  };

  bool isMine(const SessionId& session) const;
  void run();
  void type(uint64_t now);
  void logIn(const SessionId& id, const std::string& name, bool isRetry);
  void choose(const SessionId& id, const session::Identity& user);
  void select(const SessionId& id, const session::Identity& user, const std::string& character);
  void enter(const SessionId& id, const session::Character& character);
  void refused(const Error& why);
  void leaveAll();

  session::BackendSink& gateway_;
  const Clock& clock_;
  session::Backend* backend_ = nullptr;
  std::atomic<bool> isOn_{false};
  std::thread thread_;

  mutable std::mutex mutex_;  // guards what follows; not held while the backend is called
  std::condition_variable wake_;
  bool isStopping_ = false;
  SimulationOrder order_;
  SimulationReport report_;
  std::map<SessionId, Player> players_;
  std::vector<uint32_t> latenciesUs_;  // at most kMostLatencies, the first ones
};

}  // namespace gw::link
