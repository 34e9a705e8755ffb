#pragma once
// SoakTraffic: clients of all kinds at one gateway that talk without end, and count what goes wrong. One player says
// numbered lines to all. Every client tells its neighbour in a ring numbered messages, some at once, and cuts half
// of them in two: the rest of the line or frame is sent a turn later, so that at any moment many connections are
// in the middle of something.
//
// Invariant: each client gets every line, every answer to what it told, and every message of its neighbour, each
// once and in order. Nobody is dropped.
//
// Thread: one, which runs the event loop inside open(), run() and finish().

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "client.h"
#include "figures.h"
#include "rpc_lines.h"
#include "sequence.h"
#include "soak/mix.h"
#include "soak/phases.h"

namespace gw::bench {

struct SoakPace {
  double linesPerSecond = 1;  // each goes to all
  double turnSeconds = 10;    // each client has a turn of one to three messages so often
};

struct SoakFigures {
  SequenceFaults lines, answers, tells;
  uint64_t seqFaults = 0;     // an event's seq that does not rise
  uint64_t misdelivered = 0;  // a message for somebody else
  uint64_t dropped = 0;
  uint64_t refused = 0;  // POST /rpc that did not answer ok
  uint64_t linesSaid = 0, linesHeard = 0;
  uint64_t told = 0, answered = 0, heard = 0;
  uint64_t cut = 0;                   // messages that were sent in two parts
  uint64_t skipped = 0;               // turns without a message: too many answers were owed
  std::vector<std::string> problems;  // the first ones, in words
  Latencies during, between;          // of answers, if a reload was under way meanwhile and otherwise
  Latencies moving;                   // of those during: one that moved connections

  uint64_t faults() const;
};

class SoakTraffic : private ClientOwner {
 public:
  SoakTraffic(const Target& target, const SoakMix& mix, const SoakPace& pace, uint64_t seed);
  ~SoakTraffic() override;

  /// Returns once all clients play and have heard a first line. Throws std::runtime_error if there is no progress for
  /// 30 s.
  void open();
  /// Until isDone. An answer counts as during a reload if one was under way at any time since it was asked for.
  void run(const std::function<bool()>& isDone, const ReloadPhases& phases);
  /// Sends what is held back, waits up to 60 s for what is owed, counts the rest as lost, and says goodbye.
  void finish();

  const SoakFigures& figures() const { return figures_; }
  uint32_t playing() const { return playing_; }

 private:
  struct Member;

  void onPlaying(Client& client) override;
  void onUnit(Client& client, const Unit& unit) override;
  void onEnded(Client& client, const std::string& why) override;

  void poll(int timeoutMs);
  void awaitProgress(const std::function<bool()>& isDone, const char* what);
  void act();
  void takeTime(Member& member, uint32_t number);
  void turn(Member& member);
  void tellNeighbour(Member& member, uint32_t messages);
  void say();
  void takeMessage(Member& member, Numbered message);
  void acknowledge(Client& client);
  bool isAllThere() const;
  void countLost();
  void note(const std::string& problem);

  const Target& target_;
  const SoakPace pace_;
  std::mt19937_64 random_;
  const int epollFd_;
  std::unique_ptr<RpcLines> rpc_;
  std::vector<std::unique_ptr<Member>> members_;  // the first one is who says the lines
  SoakFigures figures_;
  const ReloadPhases* phases_ = nullptr;
  bool isClosing_ = false;
  uint32_t playing_ = 0;
  uint64_t progress_ = 0;
  uint64_t nowNs_ = 0;
  uint64_t startedNs_ = 0;
  double turnsDone_ = 0;
  size_t nextTurn_ = 1;
};

}  // namespace gw::bench
