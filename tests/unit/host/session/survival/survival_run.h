#pragma once
// SurvivalRun: random steps, all from one seed: players come, go and speak, loops turn, the store commits,
// the world works, time passes, the gateway crashes and restarts. Nothing happens but what a step says.

#include <deque>
#include <memory>
#include <random>
#include <string>

#include "unit/host/session/survival/ledger.h"
#include "unit/host/session/survival/player.h"
#include "unit/host/session/survival/seeded_random.h"
#include "unit/host/session/survival/small_gateway.h"

namespace gw::test {

class SurvivalRun {
 public:
  SurvivalRun(uint64_t seed, bool isStrict, size_t loops, std::shared_ptr<plugin::Instance> channel);

  /// Until so many are done or a promise is broken; then everybody comes back and must have heard everything.
  void steps(uint64_t count);
  const Ledger& ledger() const { return ledger_; }

 private:
  bool chance(double percent) { return std::uniform_real_distribution<>(0, 100)(random_) < percent; }
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  Player& anyone() { return players_[below(players_.size())]; }

  void step();
  void machineStep();
  void playerStep(Player& player);
  void inStep(Player& player);
  void rareStep();
  void connect(Player& player);
  void turn(size_t loop);
  void turnAll(int times);
  void commit(size_t most);
  void passTime(uint64_t ms);
  void look();
  void settle();

  void start();
  void crash();
  void restart();
  void everybodyComesBack();
  void quit(Player& player);
  void otherAttempt(Player& player);
  void spentToken(Player& player);
  std::string tryToken(const std::string& token);
  session::Lineage* lineageOf(const Player& player, const session::Hash& token, session::Session*& session);

  SeededRandom secrets_;
  std::mt19937_64 random_;
  FakeClock clock_;
  const SmallGatewayOptions options_;
  Ledger ledger_;
  std::shared_ptr<plugin::Instance> channel_;
  std::shared_ptr<store::MemoryDatabase> database_ = std::make_shared<store::MemoryDatabase>();
  std::unique_ptr<SmallGateway> gateway_;
  std::deque<Player> players_;
  size_t nextCut_;  // the byte after which the next answer is lost
};

}  // namespace gw::test
