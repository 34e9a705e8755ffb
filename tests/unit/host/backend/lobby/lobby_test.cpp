// The lobby as a whole, on its thread, over SQLite.
#include "backend/lobby/lobby.h"

#include <gtest/gtest.h>

#include "backend_contract.h"
#include "base/hash_pool.h"
#include "lobby_house.h"

namespace gw::testing {
namespace {

using lobby::Lobby;
using lobby::LobbyOptions;
using Texts = std::vector<std::string>;

/// A running lobby with real store workers.
constexpr char kWelcomeAnna[] = "Welcome, Anna! Type help for the commands.\nYou are in lobby. Nobody else is here.";

void command(Lobby& lobby, SessionId session, uint64_t seq, std::string text) {
  lobby.command(session, seq, std::move(text));
  lobby.push();
}

class RunningLobby final : public BackendUnderTest {
 public:
  RunningLobby(session::BackendSink& sink, LobbyOptions options, lobby::PasswordHasher* hasher = nullptr) {
    factory_ = store::sqliteFactory(folder_.file("store.db"));
    auto workers = store::StoreWorkers::start(*factory_, 1, 1000);
    EXPECT_TRUE(workers.ok());
    workers_ = std::move(*workers);
    lobby_.emplace(std::move(options), sink, *workers_, hasher ? *hasher : hasher_, systemClock());
  }
  ~RunningLobby() override {
    workers_->stop();  // answers what is left while the lobby still takes it, or no longer: both are fine
    lobby_.reset();
  }
  session::Backend& backend() override { return *lobby_; }
  Lobby& lobby() { return *lobby_; }

 private:
  ScratchFolder folder_;
  std::unique_ptr<store::StoreFactory> factory_;
  std::unique_ptr<store::StoreWorkers> workers_;
  FakeHasher hasher_;
  std::optional<Lobby> lobby_;
};

std::unique_ptr<BackendUnderTest> makeLobby(session::BackendSink& sink) {
  LobbyOptions options;
  options.registrationsPerHour = 100;
  return std::make_unique<RunningLobby>(sink, options);
}

INSTANTIATE_TEST_SUITE_P(Lobby, BackendContract, ::testing::Values(&makeLobby));

class LobbyThread : public ::testing::Test {
 protected:
  SessionId enterGuest(Lobby& lobby, const std::string& name) {
    const SessionId session{4, ++sessions_};
    lobby.entered({session, {"g:" + name + ":x", name, true, false}, {name, name, {}}, false, {}, {}});
    lobby.push();
    return session;
  }
  FakeSink sink_;
  uint64_t sessions_ = 0;
};

TEST_F(LobbyThread, PeopleHearEachOtherAndLinesAreAcknowledged) {
  RunningLobby running(sink_, {});
  const SessionId anna = enterGuest(running.lobby(), "Anna");
  const SessionId bob = enterGuest(running.lobby(), "Bob");
  command(running.lobby(), anna, 1, "hello");
  EXPECT_TRUE(sink_.awaitText(bob, "Anna says: hello"));
  EXPECT_TRUE(sink_.await([&] { return sink_.acknowledged(anna) == std::vector<uint64_t>{1}; }));
  running.lobby().disconnected(bob, "networkError");
  command(running.lobby(), anna, 2, "who");
  EXPECT_TRUE(sink_.awaitText(anna, "2 online:\n  Anna in lobby (you)\n  Bob in lobby (away)"));
  running.lobby().reconnected(bob);
  running.lobby().left(bob, "clientDisconnect");
  running.lobby().push();
  EXPECT_TRUE(sink_.awaitText(anna, "Bob leaves."));
}

TEST_F(LobbyThread, WaitsWhileTheGatewayIsFull) {
  RunningLobby running(sink_, {});
  const SessionId anna = enterGuest(running.lobby(), "Anna");
  ASSERT_TRUE(sink_.awaitText(anna, kWelcomeAnna));
  sink_.setCongested(true);
  command(running.lobby(), anna, 1, "hello");
  ASSERT_TRUE(sink_.await([&] { return sink_.waiting() == 1; }));
  EXPECT_TRUE(sink_.acknowledged(anna).empty());
  command(running.lobby(), anna, 2, "still there");
  sink_.setCongested(false);
  EXPECT_TRUE(sink_.awaitText(anna, "You say: hello"));
  EXPECT_TRUE(sink_.awaitText(anna, "You say: still there"));
  command(running.lobby(), anna, 3, "and on");
  EXPECT_TRUE(sink_.awaitText(anna, "You say: and on"));
  EXPECT_EQ(running.lobby().figures().pauses, 1u);
}

TEST_F(LobbyThread, StopsAlsoWhileTheGatewayIsFull) {
  RunningLobby running(sink_, {});
  sink_.setCongested(true);
  enterGuest(running.lobby(), "Anna");
  ASSERT_TRUE(sink_.await([&] { return sink_.waiting() == 1; }));
  running.lobby().stop();
  sink_.setCongested(false);  // nobody is there to be woken
  running.lobby().stop();
  command(running.lobby(), {4, 1}, 1, "too late");
}

TEST_F(LobbyThread, TellsPlayersWhoseLinesDidNotFit) {
  LobbyOptions options;
  options.inboxCommands = 2;
  RunningLobby running(sink_, options);
  const SessionId anna = enterGuest(running.lobby(), "Anna");
  ASSERT_TRUE(sink_.awaitText(anna, kWelcomeAnna));
  sink_.setCongested(true);
  command(running.lobby(), anna, 1, "one");
  ASSERT_TRUE(sink_.await([&] { return sink_.waiting() == 1; }));
  for (uint64_t seq = 2; seq <= 6; ++seq) command(running.lobby(), anna, seq, "line " + std::to_string(seq));
  sink_.setCongested(false);
  EXPECT_TRUE(sink_.awaitText(anna, "Too much is going on. Your last 3 lines were not heard."));
  ASSERT_TRUE(sink_.await([&] { return sink_.acknowledged(anna).size() == 4; }));
  EXPECT_EQ(sink_.acknowledged(anna), (std::vector<uint64_t>{1, 2, 3, 6}));
  EXPECT_EQ(running.lobby().figures().refusedCommands, 3u);
}

TEST_F(LobbyThread, RefusesLoginsBeyondItsBound) {
  class StuckHasher final : public lobby::PasswordHasher {
   public:
    void hash(std::string, std::string, UniqueFunction<void(Result<std::string>)>) override {}
    void verify(std::string, std::string, std::string, UniqueFunction<void(Result<lobby::Verdict>)>) override {}
    void verifyDummy(std::string, std::string, UniqueFunction<void(Result<lobby::Verdict>)> done) override {
      const std::lock_guard lock(mutex_);
      held_.push_back(std::move(done));
    }
    std::vector<UniqueFunction<void(Result<lobby::Verdict>)>> take() {
      const std::lock_guard lock(mutex_);
      return std::move(held_);
    }

   private:
    std::mutex mutex_;
    std::vector<UniqueFunction<void(Result<lobby::Verdict>)>> held_;
  } hasher;
  LobbyOptions options;
  options.inboxLogins = 2;
  RunningLobby running(sink_, options, &hasher);
  std::vector<std::future<Result<session::Identity>>> answers;
  for (int i = 0; i < 3; ++i) {
    auto promise = std::make_shared<std::promise<Result<session::Identity>>>();
    answers.push_back(promise->get_future());
    const std::string address = "192.0.2." + std::to_string(i);
    running.lobby().authenticate({"Nobody", "password", address, address},
                                 [promise](Result<session::Identity> r) { promise->set_value(std::move(r)); });
  }
  running.lobby().push();
  ASSERT_EQ(answers[2].wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const auto refused = answers[2].get();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_GT(refused.error().retryAfterMs, 0);
  EXPECT_EQ(running.lobby().figures().refusedLogins, 1u);
}

TEST_F(LobbyThread, ThrowsAwayALateAnswerToAHiddenQuestion) {
  RunningLobby running(sink_, {});
  const SessionId anna = enterGuest(running.lobby(), "Anna");
  running.lobby().privateCommand(anna, "my password");
  running.lobby().push();
  EXPECT_TRUE(sink_.awaitText(anna, "That came too late and was thrown away."));
  for (const std::string& text : sink_.take(anna)) EXPECT_EQ(text.find("my password"), std::string::npos);
}

TEST_F(LobbyThread, ShowsItsCapabilitiesAndChangesThemWhileRunning) {
  LobbyOptions options;
  RunningLobby running(sink_, options);
  EXPECT_TRUE(running.lobby().capabilities().registration);
  EXPECT_FALSE(running.lobby().capabilities().guests);
  EXPECT_NE(running.lobby().capabilities().welcome.find("Gatehouse"), std::string::npos);
  options.registration = false;
  options.guests = true;
  options.welcome = "Hi.";
  running.lobby().configure(options);
  EXPECT_FALSE(running.lobby().capabilities().registration);
  EXPECT_TRUE(running.lobby().capabilities().guests);
  EXPECT_EQ(running.lobby().capabilities().welcome, "Hi.");
  std::promise<Result<session::Identity>> guest;
  running.lobby().guest({{}, {}, "192.0.2.1", "192.0.2.1"},
                        [&](Result<session::Identity> result) { guest.set_value(std::move(result)); });
  running.lobby().push();
  const auto identity = guest.get_future().get();
  ASSERT_TRUE(identity.ok());
  EXPECT_TRUE(identity->isGuest);
}

TEST_F(LobbyThread, CountsWhatHappens) {
  RunningLobby running(sink_, {});
  const SessionId anna = enterGuest(running.lobby(), "Anna");
  running.lobby().mute("g:Anna:x", INT64_MAX);
  command(running.lobby(), anna, 1, "hello");
  EXPECT_TRUE(sink_.awaitText(anna, "You are muted: nobody would hear you."));
  EXPECT_TRUE(sink_.await([&] { return running.lobby().figures().commands == 1; }));
  EXPECT_EQ(running.lobby().figures().players, 1u);
}

TEST_F(LobbyThread, LogsInThroughTheRealHashPool) {
  HashPool pool(1);
  lobby::PoolPasswordHasher hasher(pool);
  RunningLobby running(sink_, {}, &hasher);
  const auto ask = [&](auto method, const std::string& name, const std::string& password) {
    std::promise<Result<session::Identity>> answer;
    (running.lobby().*method)({name, password, "192.0.2.1", "192.0.2.1"},
                              [&](Result<session::Identity> result) { answer.set_value(std::move(result)); });
    running.lobby().push();
    return answer.get_future().get();
  };
  const auto made = ask(&Lobby::registerUser, "Anna", "correct horse");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(ask(&Lobby::authenticate, "Anna", "correct horse").ok());
  EXPECT_EQ(ask(&Lobby::authenticate, "Anna", "wrong horse").error().detail, "invalidCredentials");
  EXPECT_EQ(ask(&Lobby::authenticate, "Nobody", "correct horse").error().detail, "invalidCredentials");
}

}  // namespace
}  // namespace gw::testing
