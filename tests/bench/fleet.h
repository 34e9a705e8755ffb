#pragma once
// Fleet: the clients of one measurement at one server, and a publisher beside them. Each call runs the
// event loop until its work is done; a call that makes no progress for 30 s throws.
//
// Invariant: each counted client gets each message once and in order; what differs is counted as lost or
// doubled, and a fleet with faults never reports a figure as good.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "figures.h"
#include "rpc_lines.h"

namespace gw::bench {

struct Outcome {
  uint64_t messages = 0;
  uint64_t deliveries = 0;
  double seconds = 0;
  double serverCpuSeconds = 0;
  uint64_t lateMessages = 0;  // paced: published more than a period after they were due
  double rate() const { return seconds > 0 ? static_cast<double>(deliveries) / seconds : 0; }
  double cpuPerMillion() const { return deliveries ? serverCpuSeconds * 1e6 / static_cast<double>(deliveries) : 0; }
};

class Fleet : private ClientOwner {
 public:
  Fleet(const Target& target, Wire wire);
  ~Fleet() override;

  /// Adds clients, that many logins under way at once, and waits until all play.
  void open(uint32_t count, uint32_t underWay, int receiveBuffer = 0);
  /// Waits until nothing has arrived for that long.
  void settle(uint32_t quietMs);
  void closeAll();
  /// Every client acknowledges what it has.
  void ackAll();

  /// As many messages under way as the window says, for that long.
  Outcome fanOut(uint32_t window, double seconds, size_t textBytes);
  /// So many messages a second; latencies from the moment at which each was due. isDone may end it early.
  Outcome paced(double perSecond, double seconds, size_t textBytes, const std::function<bool()>& isDone = {});
  /// Every client tells itself something and waits for it. method "ping": answered by the session alone.
  Outcome echo(double seconds, size_t textBytes, bool isPing);
  /// Connect, hello, close, so many at once; deliveries are whole cycles.
  Outcome cycles(uint32_t underWay, double seconds);

  /// The last count clients read no more and do not count.
  void stallLast(uint32_t count);
  /// They read again; true if each of them then finds its end.
  bool stalledWereCutOff();

  /// To the ceiling only: "size 300" and the like.
  void control(const std::string& text);

  uint32_t size() const { return static_cast<uint32_t>(clients_.size()); }
  const Target& target() const { return target_; }
  Latencies& latencies() { return latencies_; }
  double unitBytes() const { return units_ ? static_cast<double>(bytesOfUnits_) / static_cast<double>(units_) : 0; }
  double bytesReadPerClient() const;
  uint64_t lost = 0;
  uint64_t doubled = 0;

 private:
  enum class Mode : uint8_t { kIdle, kFanOut, kEcho, kCycle };

  void onPlaying(Client& client) override;
  void onUnit(Client& client, const Unit& unit) override;
  void onEnded(Client& client, const std::string& why) override;

  void poll(int timeoutMs);
  void pollUntil(const std::function<bool()>& isDone, const char* what);
  void count(Client& client, uint32_t id, const Unit& unit);
  void acknowledge(Client& client);
  void publish(uint32_t messages, size_t textBytes, uint64_t dueNs);
  void startMessages();
  void awaitMessages();
  void echoNext(Client& client);
  Client& start(int receiveBuffer);
  Outcome finish(uint64_t startNs, uint64_t cpuBefore) const;

  const Target& target_;
  const Wire wire_;
  const int epollFd_;
  std::unique_ptr<Client> publisher_;
  std::unique_ptr<RpcLines> rpc_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<uint32_t> ended_;  // kCycle: to be replaced after this round of events
  std::string firstProblem_;
  Mode mode_ = Mode::kIdle;
  uint32_t playing_ = 0;
  uint32_t nextNumber_ = 0;
  uint64_t progress_ = 0;  // anything that arrived

  static constexpr uint32_t kRing = 4096;
  uint32_t nextId_ = 1;
  uint32_t completed_ = 0;         // all ids up to it
  std::vector<uint32_t> arrived_;  // per id mod kRing
  std::vector<uint64_t> dueNs_;    // per id mod kRing
  uint64_t arrivals_ = 0;
  uint64_t nowNs_ = 0;  // of this round of events
  uint64_t units_ = 0;
  uint64_t bytesOfUnits_ = 0;
  size_t echoBytes_ = 0;
  bool echoIsPing_ = false;
  bool echoIsEnding_ = false;
  uint32_t echoing_ = 0;
  Latencies latencies_;
};

}  // namespace gw::bench
