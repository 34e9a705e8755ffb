#pragma once
// What every Backend promises to the session side (session/backend_port.h). A backend's test includes
// this once and instantiates it:
//
//   INSTANTIATE_TEST_SUITE_P(Lobby, BackendContract, ::testing::Values(&makeLobby));
//
// The backend under test is empty, takes registrations, and lets 127.0.0.1 try as often as it likes
// within the bounds of these tests.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "fake_sink.h"
#include "session/backend_port.h"

namespace gw::testing {

/// Owns a running backend and what it stands on.
class BackendUnderTest {
 public:
  virtual ~BackendUnderTest() = default;
  virtual session::Backend& backend() = 0;
};

using MakeBackend = std::unique_ptr<BackendUnderTest> (*)(session::BackendSink& sink);

class BackendContract : public ::testing::TestWithParam<MakeBackend> {
 protected:
  BackendContract() : running_(GetParam()(sink_)), backend_(running_->backend()) {}

  /// Calls, waits for the one reply, and checks that it came later and from elsewhere.
  template <typename T>
  Result<T> await(const std::function<void(session::Reply<T>)>& call) {
    auto answer = std::make_shared<std::promise<Result<T>>>();
    auto future = answer->get_future();
    const auto caller = std::this_thread::get_id();
    call([answer, caller](Result<T> result) {
      EXPECT_NE(std::this_thread::get_id(), caller) << "never synchronously";
      answer->set_value(std::move(result));  // throws on a second reply
    });
    backend_.push();
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      ADD_FAILURE() << "no reply";
      return fail(ErrorCode::kTimeout, "no reply");
    }
    return future.get();
  }

  static session::Credentials credentials(const std::string& name, const std::string& password) {
    return {name, password, "127.0.0.1", "127.0.0.1"};
  }
  Result<session::Identity> registerUser(const std::string& name) {
    return await<session::Identity>(
        [&](auto reply) { backend_.registerUser(credentials(name, "long enough"), std::move(reply)); });
  }
  Result<session::Identity> login(const std::string& name, const std::string& password) {
    return await<session::Identity>(
        [&](auto reply) { backend_.authenticate(credentials(name, password), std::move(reply)); });
  }
  Result<session::Character> create(const std::string& userId, const std::string& name) {
    return await<session::Character>([&](auto reply) {
      backend_.createCharacter(userId, {name, "{}"}, std::move(reply));
    });
  }
  Result<session::Character> select(const std::string& userId, const std::string& idOrName) {
    return await<session::Character>([&](auto reply) { backend_.selectCharacter(userId, idOrName, std::move(reply)); });
  }
  Result<std::vector<session::Character>> list(const std::string& userId) {
    return await<std::vector<session::Character>>(
        [&](auto reply) { backend_.listCharacters(userId, std::move(reply)); });
  }
  /// Registers, creates, selects and enters.
  SessionId enter(const std::string& userName, const std::string& characterName) {
    const auto user = registerUser(userName);
    EXPECT_TRUE(user.ok());
    if (!user.ok()) return {};
    const auto character = create(user->userId, characterName);
    EXPECT_TRUE(character.ok());
    if (!character.ok()) return {};
    const SessionId session{1, ++sessions_};
    sink_.setUser(session, user->userId);
    backend_.entered({session, *user, *character, false, {}, {}});
    return session;
  }
  bool awaitAck(const SessionId& session, uint64_t seq) {
    return sink_.await([&] {
      const auto acknowledged = sink_.acknowledged(session);
      return !acknowledged.empty() && acknowledged.back() >= seq;
    });
  }

  FakeSink sink_;
  std::unique_ptr<BackendUnderTest> running_;
  session::Backend& backend_;
  uint64_t sessions_ = 0;
};

TEST_P(BackendContract, KnowsAgainWhoRegistered) {
  const auto registered = registerUser("Anna");
  ASSERT_TRUE(registered.ok()) << registered.error().message;
  EXPECT_EQ(registered->userName, "Anna");
  EXPECT_FALSE(registered->userId.empty());
  const auto back = login("anna", "long enough");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->userId, registered->userId);
  EXPECT_EQ(back->userName, "Anna");
}

TEST_P(BackendContract, AnswersAWrongPasswordAndAnUnknownNameAlike) {
  ASSERT_TRUE(registerUser("Anna").ok());
  const auto wrong = login("Anna", "not the password");
  const auto unknown = login("Nobody1", "not the password");
  ASSERT_FALSE(wrong.ok());
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(wrong.error().detail, "invalidCredentials");
  EXPECT_EQ(wrong.error().code, unknown.error().code);
  EXPECT_EQ(wrong.error().detail, unknown.error().detail);
  EXPECT_EQ(wrong.error().message, unknown.error().message);
}

TEST_P(BackendContract, RefusesANameThatIsTaken) {
  ASSERT_TRUE(registerUser("Anna").ok());
  const auto again = registerUser("aNNa");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().detail, "nameTaken");
}

TEST_P(BackendContract, SelectsACharacterByIdOrNameAndOnlyOnesOwn) {
  const auto anna = registerUser("Anna");
  const auto bert = registerUser("Bert");
  ASSERT_TRUE(anna.ok() && bert.ok());
  const auto made = create(anna->userId, "Aria");
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto listed = list(anna->userId);
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->front().id, made->id);
  EXPECT_EQ(select(anna->userId, made->id)->name, "Aria");
  EXPECT_EQ(select(anna->userId, "aria")->id, made->id);
  const auto foreign = select(bert->userId, made->id);
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().detail, "notFound");
  const auto taken = create(bert->userId, "ARIA");
  ASSERT_FALSE(taken.ok());
}

TEST_P(BackendContract, AcknowledgesEveryCommandInOrderAfterItsOutput) {
  const SessionId anna = enter("Anna", "Aria");
  for (uint64_t seq = 1; seq <= 50; ++seq) backend_.command(anna, seq, "line " + std::to_string(seq));
  backend_.push();
  ASSERT_TRUE(awaitAck(anna, 50));
  const auto acknowledged = sink_.acknowledged(anna);
  EXPECT_TRUE(std::is_sorted(acknowledged.begin(), acknowledged.end()));
  EXPECT_GE(sink_.outputs(), 50u) << "each line was answered before its acknowledgement";
}

TEST_P(BackendContract, AcknowledgesCommandsOfSessionsItDoesNotKnow) {
  const SessionId stranger{7, 7};
  backend_.command(stranger, 3, "hello");
  backend_.push();
  EXPECT_TRUE(awaitAck(stranger, 3));
}

TEST_P(BackendContract, KeepsASessionThatLostItsConnection) {
  const SessionId anna = enter("Anna", "Aria");
  backend_.disconnected(anna, "networkError");
  backend_.reconnected(anna);
  const size_t before = sink_.outputs();
  backend_.command(anna, 1, "hello");
  backend_.push();
  ASSERT_TRUE(awaitAck(anna, 1));
  EXPECT_GT(sink_.outputs(), before);
}

TEST_P(BackendContract, ForgetsASessionThatLeft) {
  const SessionId anna = enter("Anna", "Aria");
  backend_.left(anna, "clientDisconnect");
  backend_.command(anna, 1, "anyone?");
  backend_.push();
  ASSERT_TRUE(awaitAck(anna, 1));
  (void)sink_.take(anna);
  backend_.command(anna, 2, "anyone?");
  backend_.push();
  ASSERT_TRUE(awaitAck(anna, 2));
  EXPECT_TRUE(sink_.take(anna).empty());
}

TEST_P(BackendContract, IsUpAndSaysWhatItCan) {
  EXPECT_TRUE(backend_.isUp());
  EXPECT_TRUE(backend_.capabilities().registration);
  EXPECT_FALSE(backend_.capabilities().welcome.empty());
}

}  // namespace gw::testing
