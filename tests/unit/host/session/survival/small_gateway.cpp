#include "unit/host/session/survival/small_gateway.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "session/journal_recovery.h"
#include "session/loop_journal.h"
#include "session/stop_progress.h"

namespace gw::test {
namespace {

constexpr const char* kGatewayId = "gw-property";
constexpr size_t kWorkers = 2;

session::AdmissionLimits openDoors() {
  session::AdmissionLimits limits;
  limits.connections = limits.perAddress = limits.unauthenticatedPerAddress = 1'000'000;
  limits.ratePerAddress = limits.burstPerAddress = 1'000'000;
  return limits;
}

}  // namespace

SmallGateway::SmallGateway(const SmallGatewayOptions& options, FakeClock& clock,
                           std::shared_ptr<store::MemoryDatabase> database, std::shared_ptr<plugin::Instance> channel)
    : options_(options),
      clock_(clock),
      database_(std::move(database)),
      channel_(std::move(channel)),
      admission_(openDoors()),
      services_(clock, admission_, options.limits, "0"),
      store_(database_, kWorkers) {
  services_.gatewayId = kGatewayId;
  services_.store = &store_;
  services_.onHealthChange = [] {};
  store::MemorySessionStore opened(database_);
  const auto recovered = session::recoverJournal(opened, kGatewayId);
  EXPECT_TRUE(recovered) << recovered.error().message;
  if (options_.isStrict) {
    journal_ = std::make_unique<session::Journal>(store_, kGatewayId, options_.checkpointBytes);
    services_.journal = journal_.get();
  }
  buildLoops();
  world_ = std::make_unique<SmallWorld>(sink_);
  services_.backend = world_.get();
  restoreSessions();
}

// In the order of Gateway::Parts, from its end: what is left in inboxes goes with the loops.
SmallGateway::~SmallGateway() = default;

void SmallGateway::buildLoops() {
  std::vector<net::EventLoop*> pointers;
  for (size_t i = 0; i < options_.loops; ++i) {
    loops_.push_back(std::make_unique<net::EventLoop>(static_cast<int>(i), clock_));
    pointers.push_back(loops_.back().get());
  }
  streams_ = std::make_unique<plugin::StreamHosts>(pointers, net::ConnectionLimits{}, clock_);
  std::vector<broadcast::Broadcaster*> broadcasters;
  for (auto& loop : loops_) {
    broadcasters_.push_back(std::make_unique<broadcast::Broadcaster>(bus_, *loop));
    broadcasters.push_back(broadcasters_.back().get());
  }
  bus_.connect(broadcasters);
  std::vector<session::Journal::Loop*> writers;
  for (size_t i = 0; i < loops_.size(); ++i) {
    managers_.push_back(std::make_unique<session::SessionManager>(services_, streams_->at(i), *broadcasters_[i]));
    services_.managers.push_back(managers_.back().get());
    streams_->at(i).setPort(*managers_.back());
    writers.push_back(managers_.back()->journal());
  }
  if (journal_) journal_->connect(std::move(writers));
  for (auto& manager : managers_) manager->loop().post([&manager = *manager] { manager.start(); });
}

void SmallGateway::restoreSessions() {
  std::vector<std::vector<SessionId>> byLoop(loops_.size());
  store::MemorySessionStore opened(database_);
  const auto rows = opened.listSessions(1000);
  for (const store::SessionRecord& row : *rows) {
    const bool isOver = row.expiresAt != 0 && row.expiresAt <= clock_.wallUs();
    if (!isOver && session::SessionManager::wasPresent(row)) byLoop[homeLoop(row.id, byLoop.size())].push_back(row.id);
  }
  services_.restoring = true;
  loopsToRestore_ = loops_.size();
  for (size_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->post([this, &manager = *managers_[i], sessions = std::move(byLoop[i])]() mutable {
      manager.restore(std::move(sessions), [this] {
        if (--loopsToRestore_ == 0) giveQueuedCommands();
      });
    });
  }
}

void SmallGateway::giveQueuedCommands() {
  services_.restoring = false;
  for (const auto& manager : managers_) manager->loop().post([&manager = *manager] { manager.giveQueuedCommands(); });
}

int SmallGateway::connect(size_t loop) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  streams_->onSocket(*loops_[loop], channel_, traits_, ends[0], {"127.0.0.1", nextPort_++}, nullptr);
  return ends[1];
}

bool SmallGateway::isQuiet() const {
  return store_.isIdle() && world_->isIdle() &&
         std::all_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->figures().inboxTasks == 0; });
}

void SmallGateway::settle(const std::function<void()>& afterTurn) {
  // What a socket brings, or an answer that waits for company, is seen only by a turn.
  for (int quiet = 0, rounds = 0; quiet < 4; quiet = isQuiet() ? quiet + 1 : 0) {
    ASSERT_LT(++rounds, 10'000) << "the gateway does not come to rest";
    clock_.advance(std::chrono::milliseconds(1));
    turnAll(afterTurn);
    store_.commitAll();
    world_->workAll();
  }
}

// In the order of Gateway::stop(). What lies in an inbox and is never run is lost with the loops.
void SmallGateway::stop(const std::function<void()>& meanwhile) {
  services_.stopping = true;
  admission_.setAccepting(false);
  for (auto& manager : managers_) manager->loop().post([&manager = *manager] { manager.pauseInput(); });
  turnAll(meanwhile);
  settleJournal(meanwhile);
  closeStreams(meanwhile);
  world_->stop();
  settleJournal(meanwhile);
  const auto progress = std::make_shared<session::StopProgress>(managers_.size());
  for (auto& manager : managers_)
    manager->loop().post([progress, &manager = *manager] { manager.saveAllForStop(progress); });
  for (int rounds = 0; !progress->wait(0); ++rounds) {
    ASSERT_LT(rounds, 1000) << "the last saves do not come to an end";
    turnAll(meanwhile);
    store_.commitAll();
  }
  EXPECT_EQ(progress->failed, 0u);
  if (journal_) journal_->trimAll();
  store_.commitAll();
}

void SmallGateway::turnAll(const std::function<void()>& meanwhile) {
  for (size_t i = 0; i < loops_.size(); ++i) {
    turn(i);
    meanwhile();
  }
}

void SmallGateway::settleJournal(const std::function<void()>& meanwhile) {
  for (int rounds = 0; journal_ && !journal_->isIdle(); ++rounds) {
    ASSERT_LT(rounds, 1000) << "the journal does not come to rest";
    turnAll(meanwhile);
    store_.commitAll();
  }
  turnAll(meanwhile);
}

// StreamHosts::closeEverything() waits for the loops' threads; there are none here.
void SmallGateway::closeStreams(const std::function<void()>& meanwhile) {
  const plugin::CloseInfo goodbye{GW_CLOSE_SHUTDOWN, "The gateway is stopping.", true, 1000, 100};
  const auto forEachStream = [&](const std::function<void(plugin::Stream&)>& visit) {
    for (size_t i = 0; i < loops_.size(); ++i) {
      std::vector<plugin::Stream*> open;
      streams_->at(i).forEach([&](plugin::Stream& stream) { open.push_back(&stream); });
      for (plugin::Stream* stream : open) visit(*stream);
    }
    turnAll(meanwhile);
  };
  forEachStream([&](plugin::Stream& stream) { stream.beginClose(goodbye); });
  clock_.advance(std::chrono::milliseconds(200));
  turnAll(meanwhile);
  forEachStream([](plugin::Stream& stream) { stream.connection().abort(net::CloseCause::kTimeout, "too long"); });
  turnAll(meanwhile);
}

}  // namespace gw::test
