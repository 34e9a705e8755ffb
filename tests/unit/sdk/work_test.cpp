// Blocking work: as the wrapper offers it, and as FakeHost runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "gw/plugin.hpp"
#include "testing/fake_host.h"

namespace gw::sdk {
namespace {

using namespace std::chrono_literals;
using gw::testing::FakeConn;
using gw::testing::FakeGeneration;
using gw::testing::FakeHost;
using gw::testing::FakeMigration;
using ::testing::ElementsAre;

gw_status shout(WorkCall& call) {
  EXPECT_FALSE(call.isUnwanted());
  std::string text(call.input());
  for (char& c : text) c = static_cast<char>(c - ('a' - 'A'));
  return call.write(text + "!");
}
void failWith(WorkCall& call) {
  call.write("so far");
  if (call.input() == "error") throw Error("said by the job", GW_E_PROTO);
  if (call.input() == "memory") throw std::bad_alloc();
  if (call.input() == "std") throw std::runtime_error("out of luck");
  if (call.input() == "int") throw 7;
}

/// "word": shouts it; "!word": failWith; "+": two jobs. Answers as "token:outcome:status:result ".
class ShoutStream : public Stream {
 public:
  explicit ShoutStream(HostConn conn) : Stream(conn) { conn.setClass(1, 0, "plain"); }
  Consumed onData(std::string_view bytes, uint64_t) override {
    if (bytes == "+") {
      conn().work<&shout>(21, 1s, "a");
      conn().work<&shout>(22, 2s, "b");
    } else if (bytes.starts_with('!')) {
      status_ = conn().work<&failWith>(3, 1s, bytes.substr(1));
    } else {
      status_ = conn().work<&shout>(1, std::chrono::milliseconds(bytes == "late" ? -1 : 1000), bytes);
    }
    if (status_ != GW_OK) conn().send("refused" + std::to_string(status_) + " ");
    return bytes.size();
  }
  void onWork(const gw_work_answer& answer) override {
    conn().send(std::to_string(answer.token) + ":" + std::to_string(answer.outcome) + ":" +
                std::to_string(answer.status) + ":" + std::string(view(answer.result_h)) + " ");
    if (answer.token == 21) conn().work<[](WorkCall& call) { call.write("then"); }>(30, 1s);
  }
  void onCloseBegin(const gw_close_info&, uint64_t) override { status_ = conn().work<&shout>(1, 1s, "bye"); }
  MoveAnswer quiesce() override { return MoveAnswer::ready(); }
  void save(StateWriter&) const override {}

 private:
  gw_status status_ = GW_OK;
};

bool worksOnImport = false;

class ShoutChannel : public Channel {
 public:
  static constexpr Descriptor kDescriptor{
      .id = "shout", .name = "Shout", .vendor = "", .version = "1.0.0", .license = "", .maxStateBytes = 100};
  static constexpr StateSchema kState{.version = 1};
  ShoutChannel(HostInst inst, std::string_view) : Channel(inst) {}
  std::unique_ptr<Stream> open(HostConn conn, const gw_open_info&, uint64_t) override {
    return std::make_unique<ShoutStream>(conn);
  }
  std::unique_ptr<Stream> restore(HostConn conn, const gw_open_info&, StateReader&, uint64_t) {
    if (worksOnImport) {
      EXPECT_EQ(conn.work<&shout>(1, 1s, "x"), GW_E_STATE);
    }
    return std::make_unique<ShoutStream>(conn);
  }
  gw_status encode(std::string_view, const EventView&, Builder&) const override { return GW_E_UNSUPPORTED; }
};

class WorkTest : public ::testing::Test {
 protected:
  WorkTest() { worksOnImport = false; }
  FakeHost host_{pluginTable<ShoutChannel>()};
  std::unique_ptr<FakeConn> conn_ = host_.open();
};

TEST_F(WorkTest, RunsInALaterTurnAndIsAnswered) {
  conn_->receive("hey");
  EXPECT_EQ(conn_->takeSent(), "");
  ASSERT_EQ(conn_->works().size(), 1u);
  EXPECT_EQ(conn_->works()[0].input, "hey");
  EXPECT_EQ(conn_->works()[0].deadlineMs, 1000u);
  EXPECT_EQ(conn_->runWork(), 1u);
  EXPECT_EQ(conn_->takeSent(), "1:1:0:HEY! ");
  EXPECT_EQ(conn_->runWork(), 0u);
}

TEST_F(WorkTest, WhatAJobThrowsBecomesAStatus) {
  const std::pair<const char*, int> cases[] = {
      {"error", GW_E_PROTO}, {"memory", GW_E_NOMEM}, {"std", GW_E_INTERNAL}, {"int", GW_E_INTERNAL}, {"", GW_OK}};
  for (const auto& [how, status] : cases) {
    conn_->receive(std::string("!") + how);
    conn_->runWork();
    EXPECT_EQ(conn_->takeSent(), "3:1:" + std::to_string(status) + ":so far ") << how;
  }
  ASSERT_EQ(host_.logs().size(), 1u);
  EXPECT_EQ(host_.logs()[0].message, "an exception left blocking work");
}

TEST_F(WorkTest, WhatAnAnswerStartsWaitsForTheNextTurn) {
  conn_->receive("+");
  EXPECT_EQ(conn_->runWork(), 2u);
  EXPECT_EQ(conn_->takeSent(), "21:1:0:A! 22:1:0:B! ");
  EXPECT_EQ(conn_->waitingWork(), 1u);
  EXPECT_EQ(conn_->runWork(), 1u);
  EXPECT_EQ(conn_->takeSent(), "30:1:0:then ");
}

TEST_F(WorkTest, IsOverdueByTheFakeClockAndThenNotRun) {
  conn_->receive("+");
  host_.advance(999);
  EXPECT_EQ(conn_->takeSent(), "");
  host_.advance(1);
  EXPECT_EQ(conn_->takeSent(), "21:2:-7: ");  // and it started another job
  EXPECT_EQ(conn_->runWork(), 2u);
  EXPECT_EQ(conn_->takeSent(), "22:1:0:B! 30:1:0:then ");
  host_.advance(5000);
  EXPECT_EQ(conn_->takeSent(), "");
}

TEST_F(WorkTest, CanBeAnsweredWithoutBeingRun) {
  EXPECT_FALSE(conn_->answerWork(GW_OK, "nothing"));
  conn_->receive("hey");
  EXPECT_TRUE(conn_->answerWork(GW_E_PROTO, "made up"));
  conn_->receive("hey");
  EXPECT_TRUE(conn_->answerWork(GW_E_INTERNAL, "", GW_WORK_FAILED));
  EXPECT_EQ(conn_->takeSent(), "1:1:-4:made up 1:3:-8: ");
}

TEST_F(WorkTest, IsRefusedAsTheHostRefusesIt) {
  conn_->receive("late");
  EXPECT_EQ(conn_->takeSent(), "refused-2 ");
  conn_->receive(std::string(GW_WORK_MAX_INPUT + 1, 'x'));
  EXPECT_EQ(conn_->takeSent(), "refused-2 ");
  conn_->workResult = GW_E_LIMIT;
  conn_->receive("hey");
  EXPECT_EQ(conn_->takeSent(), "refused-7 ");
  conn_->workResult = GW_OK;
  for (int i = 0; i < 5; ++i) conn_->receive("hey");
  EXPECT_EQ(conn_->takeSent(), "refused-1 ");
  EXPECT_EQ(conn_->waitingWork(), 4u);
  conn_->closeBegin(GW_CLOSE_SHUTDOWN);
  EXPECT_EQ(conn_->works().size(), 4u);
  conn_->runWork();
  EXPECT_EQ(conn_->takeSent(), "");
}

TEST_F(WorkTest, ResultsHaveABound) {
  conn_->receive(std::string(GW_WORK_MAX_INPUT, 'x'));
  conn_->runWork();
  EXPECT_EQ(conn_->takeSent(), "1:1:-7: ");
}

TEST_F(WorkTest, TheAnswerGoesToTheNextGeneration) {
  worksOnImport = true;
  FakeGeneration& next = host_.load(pluginTable<ShoutChannel>());
  conn_->receive("hey");
  ASSERT_EQ(host_.migrate(*conn_, next).outcome, FakeMigration::Outcome::kMoved);
  EXPECT_EQ(conn_->waitingWork(), 1u);
  conn_->runWork();
  EXPECT_EQ(conn_->takeSent(), "1:1:0:HEY! ");
}

/// The same plugin, but it does not listen for answers.
const void* withoutWork(gw_slice id) {
  return view(id) == GW_EXT_WORK ? nullptr : pluginTable<ShoutChannel>().get_extension(id);
}

TEST(WorkWithoutTheExtension, StartsNothingAndHearsNothing) {
  gw_plugin deaf = pluginTable<ShoutChannel>();
  deaf.get_extension = withoutWork;
  FakeHost host(pluginTable<ShoutChannel>());
  FakeGeneration& next = host.load(deaf);
  auto conn = host.open();
  conn->receive("hey");
  ASSERT_EQ(host.migrate(*conn, next).outcome, FakeMigration::Outcome::kMoved);
  conn->runWork();
  EXPECT_EQ(conn->takeSent(), "");
  conn->receive("hey");
  EXPECT_EQ(conn->takeSent(), "refused-5 ");
}

}  // namespace
}  // namespace gw::sdk
