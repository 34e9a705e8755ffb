#include "backend/link/simulator.h"

#include <algorithm>

namespace gw::link {
namespace {

constexpr auto kTick = std::chrono::milliseconds(5);
constexpr size_t kMostLatencies = 1'000'000;
constexpr size_t kMostUnacknowledged = 100;  // as a session has it

uint64_t percentile(std::vector<uint32_t> values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(static_cast<double>(values.size() - 1) * part);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace

Simulator::~Simulator() { stop(); }

Result<void> Simulator::start(SimulationOrder order) {
  if (order.players == 0 || order.players > kMaxPlayers || order.lines.empty() || order.linesPerSecond <= 0 ||
      order.linesPerSecond > 1'000 || order.forMs == 0 || order.forMs > kMaxMs)
    return fail(ErrorCode::kInvalid, "expected 1 to 5000 players, lines, at most 1000 a second each, at most an hour");
  if (!backend_->isUp()) return fail(ErrorCode::kUnavailable, "the backend is not connected");
  {
    const std::lock_guard lock(mutex_);
    if (report_.isRunning) return fail(ErrorCode::kConflict, "a simulation is under way");
    if (isStopping_) return fail(ErrorCode::kUnavailable, "the gateway is stopping");
    order_ = std::move(order);
    report_ = {};
    report_.isRunning = true;
    report_.players = order_.players;
    report_.startedAtUs = clock_.wallUs();
    latenciesUs_.clear();
  }
  if (thread_.joinable()) thread_.join();
  isOn_ = true;
  thread_ = std::thread([this] { run(); });
  return {};
}

void Simulator::stop() {
  {
    const std::lock_guard lock(mutex_);
    isStopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

SimulationReport Simulator::report() const {
  std::vector<uint32_t> latencies;
  SimulationReport out;
  {
    const std::lock_guard lock(mutex_);
    out = report_;
    latencies = latenciesUs_;
  }
  out.p50Us = percentile(latencies, 0.5);
  out.p99Us = percentile(std::move(latencies), 0.99);
  return out;
}

// --- its thread -------------------------------------------------------------------------------------

void Simulator::run() {
  std::vector<std::pair<SessionId, std::string>> arriving;
  for (uint32_t i = 1; i <= order_.players; ++i)
    arriving.emplace_back(SessionId::random(), order_.userPrefix + std::to_string(i));
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, name] : arriving) players_[id].playing.session = id;
  }
  for (const auto& [id, name] : arriving) logIn(id, name, false);
  const uint64_t end = clock_.nowNs() + order_.forMs * 1'000'000;
  std::unique_lock lock(mutex_);
  while (!isStopping_ && clock_.nowNs() < end) {
    wake_.wait_for(lock, kTick, [this] { return isStopping_; });
    lock.unlock();
    type(clock_.nowNs());
    lock.lock();
  }
  lock.unlock();
  leaveAll();
}

void Simulator::type(uint64_t now) {
  struct Line {
    SessionId session;
    uint64_t seq = 0;
    std::string text;
  };
  std::vector<Line> lines;
  {
    const std::lock_guard lock(mutex_);
    const auto each = static_cast<uint64_t>(1e9 / order_.linesPerSecond);
    for (auto& [id, player] : players_) {
      if (!player.hasEntered || now < player.dueNs) continue;
      player.dueNs = std::max(player.dueNs + each, now > 1'000'000'000 ? now - 1'000'000'000 : 0);
      if (player.unacknowledged.size() >= kMostUnacknowledged) {
        ++report_.held;
        continue;
      }
      const std::string& text = order_.lines[player.nextLine++ % order_.lines.size()];
      player.unacknowledged.emplace_back(++player.seq, text);
      if (player.typedNs == 0) player.typedNs = now;
      ++report_.lines;
      lines.push_back({id, player.seq, text});
    }
  }
  for (Line& line : lines) backend_->command(line.session, line.seq, std::move(line.text));
  if (!lines.empty()) backend_->push();
}

void Simulator::leaveAll() {
  std::vector<SessionId> leaving;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, player] : players_)
      if (player.hasEntered) leaving.push_back(id);
    isOn_ = false;
    players_.clear();
    report_.isRunning = false;
    report_.endedAtUs = clock_.wallUs();
  }
  for (const SessionId& id : leaving) backend_->left(id, "clientDisconnect");
  backend_->push();
}

// --- coming in; replies come on the link's threads ---------------------------------------------------

void Simulator::logIn(const SessionId& id, const std::string& name, bool isRetry) {
  session::Credentials credentials{name, order_.password, "127.0.0.1", "simulation", id};
  auto reply = [this, id, name, isRetry](Result<session::Identity> user) {
    if (user) return choose(id, *user);
    // Nobody has heard of them before.
    const bool mayRegister =
        !isRetry && user.error().code == ErrorCode::kUnauthorized && backend_->capabilities().registration;
    if (!mayRegister) return refused(user.error());
    logIn(id, name, true);
  };
  if (isRetry) {
    backend_->registerUser(std::move(credentials), std::move(reply));
  } else {
    backend_->authenticate(std::move(credentials), std::move(reply));
  }
  backend_->push();
}

void Simulator::choose(const SessionId& id, const session::Identity& user) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = players_.find(id);
    if (found == players_.end()) return;
    found->second.playing.user = user;
  }
  backend_->listCharacters(user.userId, [this, id, user](Result<std::vector<session::Character>> list) {
    if (!list) return refused(list.error());
    if (!list->empty()) return select(id, user, list->front().id);
    backend_->createCharacter(user.userId, {user.userName, "{}"}, [this, id, user](Result<session::Character> made) {
      return made ? select(id, user, made->id) : refused(made.error());
    });
    backend_->push();
  });
  backend_->push();
}

void Simulator::select(const SessionId& id, const session::Identity& user, const std::string& character) {
  backend_->selectCharacter(user.userId, character, [this, id](Result<session::Character> chosen) {
    return chosen ? enter(id, *chosen) : refused(chosen.error());
  });
  backend_->push();
}

void Simulator::enter(const SessionId& id, const session::Character& character) {
  session::PlayingSession playing;
  {
    const std::lock_guard lock(mutex_);
    const auto found = players_.find(id);
    if (found == players_.end()) return;
    found->second.playing.character = character;
    playing = found->second.playing;
  }
  backend_->entered(playing);
  backend_->push();
  const std::lock_guard lock(mutex_);
  const auto found = players_.find(id);
  if (found == players_.end()) return;
  ++report_.entered;
  found->second.hasEntered = true;
  found->second.dueNs = clock_.nowNs();
}

void Simulator::refused(const Error& why) {
  const std::lock_guard lock(mutex_);
  ++report_.refused;
  if (report_.refusal.empty()) report_.refusal = why.message;
}

// --- what the backend sends --------------------------------------------------------------------------

bool Simulator::isMine(const SessionId& session) const {
  if (!isOn_) return false;
  const std::lock_guard lock(mutex_);
  return players_.contains(session);
}

void Simulator::frame(const SessionId& session, session::SessionFrame frame) {
  if (!isMine(session)) return gateway_.frame(session, std::move(frame));
  using Verdict = session::OutputCounts::Verdict;
  Verdict verdict = Verdict::kNext;
  uint64_t last = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = players_.find(session);
    if (found == players_.end()) return;
    Player& player = found->second;
    if (frame.n != 0) {
      verdict = player.counts.take(*frame.instance, frame.n);
      last = player.counts.last(*frame.instance);
    }
    ++(verdict == Verdict::kNext ? report_.frames : verdict == Verdict::kAhead ? report_.ahead : report_.repeated);
    if (verdict == Verdict::kNext && player.typedNs != 0) {
      if (latenciesUs_.size() < kMostLatencies)
        latenciesUs_.push_back(static_cast<uint32_t>((clock_.nowNs() - player.typedNs) / 1'000));
      player.typedNs = 0;
    }
  }
  if (frame.n == 0) return;
  if (verdict == Verdict::kAhead)
    backend_->notTaken(session, frame.n, session::NotTaken::kAhead, last + 1);
  else
    backend_->taken(session, last);
}

void Simulator::acknowledge(SessionId session, uint64_t seq) {
  if (!isMine(session)) return gateway_.acknowledge(session, seq);
  const std::lock_guard lock(mutex_);
  const auto found = players_.find(session);
  if (found == players_.end()) return;
  auto& waiting = found->second.unacknowledged;
  for (; !waiting.empty() && waiting.front().first <= seq; waiting.pop_front()) ++report_.acknowledged;
}

void Simulator::introduce(const SessionId& session) {
  if (!isMine(session)) return gateway_.introduce(session);
  session::PlayingSession playing;
  {
    const std::lock_guard lock(mutex_);
    const auto found = players_.find(session);
    if (found == players_.end()) return;
    playing = found->second.playing;
    playing.counts = found->second.counts.all();
  }
  backend_->introduced(std::move(playing));
  giveAgain(session, 0);
}

void Simulator::giveAgain(const SessionId& session, uint64_t fromSeq) {
  if (!isMine(session)) return gateway_.giveAgain(session, fromSeq);
  std::vector<std::pair<uint64_t, std::string>> lines;
  {
    const std::lock_guard lock(mutex_);
    const auto found = players_.find(session);
    if (found == players_.end()) return;
    for (const auto& line : found->second.unacknowledged)
      if (line.first >= fromSeq) lines.push_back(line);
  }
  for (auto& [seq, text] : lines) backend_->command(session, seq, std::move(text));
  backend_->push();
}

void Simulator::describe(const SessionId& session, session::Reply<session::SessionFacts> reply) {
  if (!isMine(session)) return gateway_.describe(session, std::move(reply));
  session::SessionFacts facts;
  {
    const std::lock_guard lock(mutex_);
    const auto found = players_.find(session);
    if (found != players_.end()) facts.playing = found->second.playing;
  }
  facts.channel = "simulation";
  reply(std::move(facts));
}

void Simulator::output(SessionId session, plugin::Event event, uint64_t n) {
  if (!isMine(session)) gateway_.output(session, std::move(event), n);
}

}  // namespace gw::link
