#include "unit/host/session/survival/survival_run.h"

#include <algorithm>
#include <optional>

namespace gw::test {
namespace {

constexpr uint64_t kWindowMs = 120'000;
constexpr size_t kLongestAnswer = 2'000;  // of connect, with what follows it at once
constexpr size_t kUsers = 4;
constexpr const char* kDevices[] = {"phone", "desk"};

session::SessionLimits limits() {
  session::SessionLimits out;
  out.commandRate = out.commandBurst = out.unitBurst = 1'000'000;
  out.unitRate = 1'000'000;
  out.idleMs = 60'000;
  out.idleWarnMs = 10'000;
  out.resumeWindowMs = kWindowMs;
  out.inMemoryMs = 10'000;
  out.log.events = 60;
  return out;
}

}  // namespace

SurvivalRun::SurvivalRun(uint64_t seed, bool isStrict, size_t loops, std::shared_ptr<plugin::Instance> channel)
    : secrets_(seed),
      random_(seed),
      options_{isStrict, loops, limits()},
      ledger_({isStrict, kWindowMs, options_.limits.inMemoryMs, options_.limits.log.events}, clock_),
      channel_(std::move(channel)),
      nextCut_(below(kLongestAnswer)) {
  for (size_t i = 0; i < kUsers; ++i) {
    const std::string user = "user" + std::to_string(i);
    for (const char* device : kDevices)
      players_.emplace_back(user, user + "-" + device, ledger_,
                            [this] { return gateway_->connect(below(gateway_->loops())); });
  }
  start();
}

void SurvivalRun::steps(uint64_t count) {
  for (uint64_t i = 0; i < count && !ledger_.isBroken(); ++i) step();
  if (!ledger_.isBroken()) everybodyComesBack();
}

void SurvivalRun::step() {
  const size_t kind = below(1000);
  if (kind < 560) return machineStep();
  if (kind < 985) return playerStep(anyone());
  rareStep();
}

// --- the machine ------------------------------------------------------------------------------------

void SurvivalRun::machineStep() {
  const size_t kind = below(100);
  if (kind < 50) return turn(below(gateway_->loops()));
  if (kind < 70) return commit(1 + below(4));
  if (kind < 72) {
    ledger_.step("a commit fails");
    return gateway_->store().failToCommit(below(gateway_->store().workers()));
  }
  if (kind < 90) {
    ledger_.step("the world works");
    return gateway_->world().workOne();
  }
  passTime(chance(3) ? below(6'000) : below(20));
}

void SurvivalRun::turn(size_t loop) {
  ledger_.step("loop " + std::to_string(loop) + " turns");
  gateway_->turn(loop);
  look();
}

void SurvivalRun::turnAll(int times) {
  for (int i = 0; i < times; ++i)
    for (size_t loop = 0; loop < gateway_->loops(); ++loop) turn(loop);
}

void SurvivalRun::commit(size_t most) {
  ledger_.step("the store commits");
  gateway_->store().commit(below(gateway_->store().workers()), most);
}

// In steps of a second, as housekeeping is used to.
void SurvivalRun::passTime(uint64_t ms) {
  ledger_.step(std::to_string(ms) + " ms pass");
  while (ms > 0 && !ledger_.isBroken()) {
    const uint64_t now = std::min<uint64_t>(ms, 1000);
    clock_.advance(std::chrono::milliseconds(now));
    ms -= now;
    if (now < 1000) continue;
    turnAll(1);
    gateway_->store().commitAll();
    for (Player& player : players_)
      if (!player.isAway()) player.pump();
  }
}

void SurvivalRun::look() {
  gateway_->forEachSession([this](session::Session& session) { ledger_.look(session); });
  ledger_.lookIsOver();
}

// A session that leaves memory and comes back in between misses what is said meanwhile: each turn is looked at.
void SurvivalRun::settle() {
  gateway_->settle([this] { look(); });
}

// --- players ----------------------------------------------------------------------------------------

void SurvivalRun::connect(Player& player) {
  size_t readable = SIZE_MAX;
  if (chance(30)) {
    readable = nextCut_++ % kLongestAnswer;
    ledger_.count("answers cut");
  }
  ledger_.step(player.name() + (player.mayResume() ? " resumes" : " logs in") +
               (readable == SIZE_MAX ? "" : " and can read " + std::to_string(readable) + " bytes"));
  player.connect(readable);
}

void SurvivalRun::playerStep(Player& player) {
  if (player.isAway()) {
    if (chance(35)) connect(player);
    return;
  }
  if (chance(45) || !player.isIn()) {
    if (!player.isIn() && chance(3)) {
      ledger_.step(player.name() + " gives up");
      return player.drop();
    }
    ledger_.step(player.name() + " reads");
    return player.pump();
  }
  inStep(player);
}

void SurvivalRun::inStep(Player& player) {
  const size_t kind = below(100);
  const auto does = [&](const char* what, void (Player::*act)()) {
    ledger_.step(player.name() + what);
    (player.*act)();
  };
  if (kind < 60) return does(" speaks", &Player::say);
  if (kind < 66) return does(" repeats itself", &Player::repeatAnswered);
  if (kind < 69) return does(" skips ahead", &Player::skipAhead);
  if (kind < 90) return does(" acknowledges", &Player::acknowledge);
  does(" drops", &Player::drop);
}

void SurvivalRun::rareStep() {
  const size_t kind = below(1000);
  Player& player = anyone();
  if (kind < 150) return crash();
  if (kind < 250) return restart();
  if (kind < 400) return otherAttempt(player);
  if (kind < 480) return spentToken(player);
  if (kind < 560 && player.isIn()) return quit(player);
  if (kind < 620) {
    ledger_.step(player.name() + " is installed anew");
    return player.forget();
  }
  if (kind < 640) return everybodyComesBack();
  if (kind < 700) return passTime(below(15'000));
  if (kind < 704) return passTime(kWindowMs + 110'000);
}

void SurvivalRun::quit(Player& player) {
  ledger_.step(player.name() + " says goodbye");
  player.quit();
  turnAll(3);
  player.drop();
  ledger_.count("goodbyes");
}

// --- the gateway ------------------------------------------------------------------------------------

void SurvivalRun::start() {
  clock_.advance(std::chrono::milliseconds(1));  // no two runs begin at once
  gateway_ = std::make_unique<SmallGateway>(options_, clock_, database_, channel_);
  for (int rounds = 0; !gateway_->isReady(); ++rounds) {
    if (rounds > 1000) return ledger_.broken("the sessions of the last run do not come back");
    turnAll(1);
    if (chance(5)) {
      ledger_.step("crash while sessions come back");
      look();
      ledger_.crashed();
      gateway_.reset();
      return start();
    }
    gateway_->store().commit(below(gateway_->store().workers()), 1 + below(3));
    if (chance(50)) gateway_->world().workOne();
  }
  look();
}

void SurvivalRun::crash() {
  ledger_.step("CRASH");
  ledger_.count("crashes");
  look();
  ledger_.crashed();
  gateway_.reset();
  start();
}

void SurvivalRun::restart() {
  ledger_.step("RESTART");
  ledger_.count("restarts");
  gateway_->stop([this] {
    look();
    while (chance(60)) gateway_->world().workOne();
  });
  look();
  gateway_.reset();
  start();
}

void SurvivalRun::everybodyComesBack() {
  ledger_.step("everybody comes back");
  ledger_.count("reunions");
  const auto isWell = [](const Player& player) { return player.isIn() && !player.hasUnanswered(); };
  for (int tries = 0; tries < 200 && !ledger_.isBroken(); ++tries) {
    for (Player& player : players_) {
      player.heal();
      if (player.isAway()) player.connect();
    }
    settle();
    for (Player& player : players_)
      if (!player.isAway()) player.pump();
    // Only now: what they had not read may have told them that they are out.
    if (std::all_of(players_.begin(), players_.end(), isWell)) break;
    for (Player& player : players_)
      if (player.isIn() && player.hasUnanswered()) player.say();
  }
  for (Player& player : players_)
    if (player.isIn()) player.say();
  settle();
  for (Player& player : players_)
    if (!player.isAway()) player.pump();
  for (const Player& listener : players_)
    for (const Player& speaker : players_) {
      if (!listener.isIn() || speaker.hasUnanswered() || !speaker.isIn())
        return ledger_.broken(listener.name() + " and " + speaker.name() + " cannot be brought together");
      if (listener.heardOf(speaker.source()) != speaker.accepted())
        ledger_.broken(listener.name() + " heard " + speaker.source() + " up to " +
                       std::to_string(listener.heardOf(speaker.source())) + " of " +
                       std::to_string(speaker.accepted()));
    }
}

// --- thieves ----------------------------------------------------------------------------------------

session::Lineage* SurvivalRun::lineageOf(const Player& player, const session::Hash& token, session::Session*& session) {
  const auto id = SessionId::parse(player.session());
  session = id ? gateway_->find(*id) : nullptr;
  if (!session) return nullptr;
  for (session::Lineage& lineage : session->lineages())
    if (lineage.tokens.knows(token)) return &lineage;
  return nullptr;
}

/// The code of the refusal; "ok" if there was none, empty without an answer.
std::string SurvivalRun::tryToken(const std::string& token) {
  WireClient thief(gateway_->connect(below(gateway_->loops())));
  const nlohmann::json resume{{"token", token}, {"attempt", "thief"}, {"epoch", 0}, {"lastSeq", 0}};
  thief.sendText(
      nlohmann::json{{"type", "req"}, {"id", "1"}, {"method", "connect"}, {"params", {{"resume", resume}}}}.dump());
  std::optional<std::string> message;
  for (int tries = 0; tries < 2 && !message; ++tries) {
    turnAll(6);
    thief.read(SIZE_MAX);
    message = thief.next();
    if (!message) gateway_->store().commitAll();  // a session that has just come back waits for it
  }
  if (!message) return {};
  const auto answer = nlohmann::json::parse(*message);
  return answer.value("ok", false) ? "ok" : answer["error"].value("code", "");
}

// A token that is bound to one attempt is nobody else's.
void SurvivalRun::otherAttempt(Player& player) {
  const auto token = session::SessionToken::decode(player.token());
  if (!token || !player.isAway() || !player.hasAttemptUnderWay()) return;
  turnAll(4);
  const session::Hash hash = session::hashOf(token->secret);
  session::Session* session = nullptr;
  const session::Lineage* lineage = lineageOf(player, hash, session);
  if (!lineage || lineage->tokens.current() != hash || session::isEmpty(lineage->tokens.attempt())) return;
  ledger_.step("somebody else tries " + player.name() + "'s token");
  ledger_.count("other attempts");
  const std::string code = tryToken(player.token());
  if (code != "UNAUTHORIZED") ledger_.broken("another attempt was answered \"" + code + "\"");
}

// Use of a token that was replaced and let go revokes them all.
void SurvivalRun::spentToken(Player& player) {
  const auto token = session::SessionToken::decode(player.spentToken());
  if (!token) return;
  turnAll(4);
  const session::Hash hash = session::hashOf(token->secret);
  session::Session* session = nullptr;
  const session::Lineage* lineage = lineageOf(player, hash, session);
  if (!lineage || lineage->tokens.retired() != hash) return;
  ledger_.step("somebody uses " + player.name() + "'s spent token");
  ledger_.count("thefts");
  ledger_.stolenFrom(player.session());
  const std::string code = tryToken(player.spentToken());
  if (code != "UNAUTHORIZED") ledger_.broken("a spent token was answered \"" + code + "\"");
  const auto current = session::SessionToken::decode(player.token());
  if (current && lineageOf(player, session::hashOf(current->secret), session))
    ledger_.broken("a theft was seen and " + player.name() + "'s token still lives");
}

}  // namespace gw::test
