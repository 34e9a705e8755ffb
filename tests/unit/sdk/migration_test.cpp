// Moving connections between generations, as the wrapper offers it and FakeHost drives it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gw/plugin.hpp"
#include "testing/fake_host.h"

namespace gw::sdk {
namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeGeneration;
using gw::testing::FakeHost;
using gw::testing::FakeMigration;
using Outcome = FakeMigration::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What the streams of this test do wrong, or differently.
struct Plan {
  MoveAnswer answer = MoveAnswer::ready();
  bool refusesImport = false;
  bool forgetsClass = false;
  bool sendsOnImport = false;
  bool closesOnImport = false;
  bool wandersOnExport = false;
  bool callsOnExport = false;
  bool callsWhenDestroyed = false;
  size_t padding = 0;
};
Plan plan;
std::string seen;
int alive = 0;

class WordStream : public Stream {
 public:
  WordStream(HostConn conn, std::string_view label) : Stream(conn), label_(label) { ++alive; }
  ~WordStream() override {
    --alive;
    if (plan.callsWhenDestroyed) conn().send("boo");
  }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.text(1, "word", self.word_, 100);
    f.number(2, "words", self.words_, 1'000'000u);
    if (f.version() >= 2) f.flag(3, "isLoud", self.isLoud_);
  }

  Consumed onData(std::string_view bytes, uint64_t) override {
    for (size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != ' ') {
        word_ += bytes[i];
        continue;
      }
      if (conn().submitLine(word_) == GW_E_AGAIN) return i;
      ++words_;
      word_.clear();
    }
    return bytes.size();
  }
  void onTimer(uint32_t id, uint64_t nowNs) override {
    conn().send(label_ + std::to_string(id) + "@" + std::to_string(nowNs / 1'000'000) + " ");
  }
  void onEvent(uint64_t token, gw_status, std::string_view) override {
    conn().send(label_ + "answer" + std::to_string(token) + " ");
  }
  void onClosed(uint32_t) override { seen += "closed "; }
  gw_status wrap(const EventView&, uint64_t, uint64_t seq, size_t, Wrap& out) override {
    out.head(label_ + std::to_string(seq) + ":");
    return GW_OK;
  }

  MoveAnswer quiesce() override {
    seen += "quiesce ";
    return plan.answer;
  }
  void resume() override { seen += "resume "; }
  void save(StateWriter& out) const override {
    seen += "save ";
    fields(*this, out);
    if (plan.padding != 0) out.text(9, "padding", std::string(plan.padding, 'x'), plan.padding);
    if (plan.wandersOnExport) {
      static uint32_t count = 0;
      out.number(10, "count", ++count, UINT32_MAX);
    }
    if (plan.callsOnExport) conn().send("boo");
  }
  void onCommit() override {
    seen += "commit ";
    conn().send("");
  }

  void imported(HostConn host) {
    if (!plan.forgetsClass) host.setClass(1, 0, label_);
    if (plan.sendsOnImport) host.send("early ");
    if (plan.closesOnImport) host.close(GW_CLOSE_NORMAL);
    seen += "hello:" + std::to_string(host.hello(9, {})) + " submit:" + std::to_string(host.submitLine("x")) + " ";
    if (plan.refusesImport) throw Error("state field word is not to be had");
  }

 private:
  std::string label_;
  std::string word_;
  uint32_t words_ = 0;
  bool isLoud_ = true;
};

/// Two versions of one channel, told apart by what they send.
template <uint32_t Version, uint32_t OldestImport, uint32_t OldestExport>
class WordChannel : public Channel {
 public:
  static constexpr Descriptor kDescriptor{
      .id = "words", .name = "", .vendor = "", .version = "1", .license = "", .maxStateBytes = 200};
  static constexpr StateSchema kState{Version, OldestImport, OldestExport};
  static inline const std::string kLabel = "v" + std::to_string(Version) + "-";

  WordChannel(HostInst inst, std::string_view) : Channel(inst) {}
  std::unique_ptr<Stream> open(HostConn conn, const gw_open_info&, uint64_t) override {
    conn.setClass(1, 0, kLabel);
    conn.timerSet(3, std::chrono::milliseconds(100));
    return std::make_unique<WordStream>(conn, kLabel);
  }
  std::unique_ptr<Stream> restore(HostConn conn, const gw_open_info&, StateReader& in, uint64_t) {
    auto stream = std::make_unique<WordStream>(conn, kLabel);
    WordStream::fields(*stream, in);
    stream->imported(conn);
    return stream;
  }
  gw_status encode(std::string_view description, const EventView& event, Builder& out) const override {
    out.append(kLabel);
    out.append(description);
    return out.append(event.text());
  }
};
using First = WordChannel<1, 1, 1>;
using Second = WordChannel<2, 1, 1>;
using Third = WordChannel<3, 3, 2>;

class MigrationTest : public ::testing::Test {
 protected:
  MigrationTest() : next_(host_.load(pluginTable<Second>())) { conn_ = host_.open(); }
  ~MigrationTest() override { plan = {}; }
  void SetUp() override {
    plan = {};
    seen.clear();
  }
  void TearDown() override {
    conn_.reset();
    EXPECT_EQ(alive, 0);
  }
  /// The connection is on its first generation and works.
  void expectUntouched() {
    conn_->takeSent();
    conn_->receive("k ");
    EXPECT_THAT(conn_->lines(), ElementsAre("look")) << "the first half was kept";
    conn_->deliver(FakeEvent::line("Rain."), 7);
    EXPECT_EQ(conn_->takeSent(), "v1-7:v1-v1-Rain.");
    host_.advance(100);
    EXPECT_EQ(conn_->takeSent(), "v1-3@1100 ");
  }

  FakeHost host_{pluginTable<First>()};
  FakeGeneration& next_;
  std::unique_ptr<FakeConn> conn_;
};

TEST_F(MigrationTest, AConnectionGoesOnInTheOtherGeneration) {
  conn_->receive("look sa");
  host_.advance(40);
  const FakeMigration moved = host_.migrate(*conn_, next_);
  EXPECT_EQ(moved.outcome, Outcome::kMoved) << moved.reason;
  EXPECT_EQ(moved.version, 1u);
  EXPECT_EQ(moved.state, std::string("\x01\x02sa\x02\x01\x01\0", 8));
  EXPECT_EQ(seen, "quiesce save save hello:-6 submit:-6 commit ") << "no closed";
  EXPECT_EQ(alive, 1);
  conn_->receive("y hi ");
  EXPECT_THAT(conn_->lines(), ElementsAre("look", "say", "hi"));
  host_.advance(59);
  EXPECT_EQ(conn_->takeSent(), "");
  host_.advance(1);
  EXPECT_EQ(conn_->takeSent(), "v2-3@1100 ") << "a timer keeps what is left of it";
  const FakeEvent rain = FakeEvent::line("Rain.");
  conn_->deliver(rain, 7);
  EXPECT_EQ(conn_->takeSent(), "v2-7:v2-v2-Rain.");
}

TEST_F(MigrationTest, UnreadInputAndPendingAnswersGoToTheNewSide) {
  conn_->submitResult = GW_E_AGAIN;
  conn_->receive("wait here ");
  EXPECT_EQ(conn_->unread(), " here ");
  conn_->submitResult = GW_OK;
  ASSERT_EQ(host_.migrate(*conn_, next_).outcome, Outcome::kMoved);
  EXPECT_THAT(conn_->lines(), ElementsAre("wait", "here"));
  conn_->event(5, GW_OK, "{}");
  EXPECT_EQ(conn_->takeSent(), "v2-answer5 ");
}

TEST_F(MigrationTest, ARollbackWritesTheOlderVersion) {
  ASSERT_EQ(host_.migrate(*conn_, next_).outcome, Outcome::kMoved);
  const FakeMigration back = host_.migrate(*conn_, host_.generation());
  EXPECT_EQ(back.outcome, Outcome::kMoved) << back.reason;
  EXPECT_EQ(back.version, 1u);
  conn_->deliver(FakeEvent::line("Rain."), 7);
  EXPECT_EQ(conn_->takeSent(), "v1-7:v1-v1-Rain.");
}

TEST_F(MigrationTest, WithoutACommonVersionNothingMoves) {
  FakeGeneration& third = host_.load(pluginTable<Third>());
  const FakeMigration onward = host_.migrate(*conn_, third);
  EXPECT_EQ(onward.outcome, Outcome::kNever);
  EXPECT_THAT(onward.reason, HasSubstr("no version"));
  EXPECT_EQ(seen, "") << "nobody is asked";
}

TEST_F(MigrationTest, NotYetAndNeverLeaveItWhereItIs) {
  conn_->receive("lo");
  plan.answer = MoveAnswer::notYet("half an upload");
  const FakeMigration later = host_.migrate(*conn_, next_);
  EXPECT_EQ(later.outcome, Outcome::kNotYet);
  EXPECT_EQ(later.reason, "half an upload");
  plan.answer = MoveAnswer::never("a shared window");
  const FakeMigration never = host_.migrate(*conn_, next_);
  EXPECT_EQ(never.outcome, Outcome::kNever);
  EXPECT_EQ(never.reason, "a shared window");
  EXPECT_EQ(seen, "quiesce quiesce ") << "there is nothing to resume";
  conn_->receive("o");
  expectUntouched();
}

TEST_F(MigrationTest, WhateverFailsLeavesTheOldSideServing) {
  const struct {
    const char* part;
    void (*spoil)();
  } cases[] = {
      {"not to be had", [] { plan.refusesImport = true; }},
      {"set no class", [] { plan.forgetsClass = true; }},
      {"closed the connection", [] { plan.closesOnImport = true; }},
      {"exports of the same state differ", [] { plan.wandersOnExport = true; }},
      {"longer than max_state_bytes", [] { plan.padding = 250; }},
  };
  for (const auto& each : cases) {
    conn_ = host_.open();
    conn_->receive("loo");
    plan = {};
    each.spoil();
    plan.sendsOnImport = true;
    seen.clear();
    const FakeMigration failed = host_.migrate(*conn_, next_);
    EXPECT_EQ(failed.outcome, Outcome::kFailed);
    EXPECT_THAT(failed.reason, HasSubstr(each.part));
    EXPECT_THAT(seen, ::testing::EndsWith("resume "));
    EXPECT_EQ(conn_->sent(), "") << "what the shadow said is forgotten";
    EXPECT_EQ(alive, 1);
    plan = {};
    conn_->receive("k ");
    EXPECT_THAT(conn_->lines(), ElementsAre("look"));
    conn_->deliver(FakeEvent::line("Rain."), 7);
    EXPECT_EQ(conn_->takeSent(), "v1-7:v1-v1-Rain.");
  }
}

TEST_F(MigrationTest, ARehearsalChangesNothing) {
  conn_->receive("loo");
  plan.sendsOnImport = true;
  EXPECT_EQ(host_.rehearse(*conn_, next_).outcome, Outcome::kMoved);
  EXPECT_EQ(seen, "quiesce save save hello:-6 submit:-6 resume ");
  EXPECT_EQ(alive, 1);
  expectUntouched();
}

TEST_F(MigrationTest, WhatAnImportSendsFollowsTheSwap) {
  plan.sendsOnImport = true;
  ASSERT_EQ(host_.migrate(*conn_, next_).outcome, Outcome::kMoved);
  EXPECT_EQ(conn_->takeSent(), "early ");
}

TEST_F(MigrationTest, CallingTheHostWhenNothingMayIsFound) {
  plan.callsOnExport = true;
  EXPECT_THAT(host_.migrate(*conn_, next_).reason, HasSubstr("called the host"));
  plan = {};
  conn_ = host_.open();
  plan.callsWhenDestroyed = true;
  const FakeMigration moved = host_.migrate(*conn_, next_);
  plan = {};
  EXPECT_THAT(moved.reason, HasSubstr("called the host"));
  EXPECT_EQ(conn_->sent(), "");
}

TEST_F(MigrationTest, AConnectionThatIsEndingStays) {
  conn_->closeBegin(GW_CLOSE_SHUTDOWN);
  EXPECT_EQ(host_.migrate(*conn_, next_).outcome, Outcome::kNever);
  EXPECT_EQ(seen, "");
}

TEST_F(MigrationTest, AStateAloneMakesAConnection) {
  const auto adopted = host_.adopt(1, std::string("\x01\x02sa\0", 5));
  ASSERT_NE(adopted, nullptr) << host_.error();
  adopted->receive("y ");
  EXPECT_THAT(adopted->lines(), ElementsAre("say"));
  EXPECT_EQ(host_.adopt(1, std::string("\x01\x02sa", 4)), nullptr);
  EXPECT_EQ(host_.error(), "the state has no end");
  EXPECT_EQ(host_.adopt(2, std::string("\0", 1)), nullptr);
  EXPECT_EQ(host_.error(), "state version 2 cannot be read");
  EXPECT_EQ(host_.adopt(0, std::string("\0", 1)), nullptr);
  EXPECT_EQ(host_.adopt(1, std::string(201, '\0')), nullptr);
  EXPECT_THAT(host_.error(), HasSubstr("max_state_bytes"));
}

class Rooted : public Channel {
 public:
  static constexpr Descriptor kDescriptor{.id = "rooted", .name = "", .vendor = "", .version = "1", .license = ""};
  Rooted(HostInst inst, std::string_view) : Channel(inst) {}
  std::unique_ptr<Stream> open(HostConn conn, const gw_open_info&, uint64_t) override {
    return std::make_unique<Stream>(conn);
  }
  gw_status encode(std::string_view, const EventView&, Builder&) const override { return GW_E_UNSUPPORTED; }
};

TEST(WithoutAState, TheExtensionIsNotOffered) {
  EXPECT_EQ(pluginTable<Rooted>().get_extension(slice(GW_EXT_MIGRATE)), nullptr);
  FakeHost host(pluginTable<Rooted>());
  const auto conn = host.open();
  EXPECT_EQ(host.migrate(*conn, host.generation()).outcome, Outcome::kNever);
  EXPECT_EQ(host.adopt(1, "x"), nullptr);
}

TEST(StateVersions, TheNewestThatBothSpeakIsUsed) {
  const auto schema = [](uint32_t version, uint32_t oldestImport, uint32_t oldestExport) {
    return gw_state_schema{sizeof(gw_state_schema), slice("x"), version, oldestImport, oldestExport};
  };
  const auto common = [](const gw_state_schema& from, const gw_state_schema& to) {
    return gw_state_common(&from, &to);
  };
  EXPECT_EQ(common(schema(1, 1, 1), schema(1, 1, 1)), 1u);
  EXPECT_EQ(common(schema(1, 1, 1), schema(4, 1, 3)), 1u);
  EXPECT_EQ(common(schema(4, 1, 1), schema(2, 1, 1)), 2u) << "down";
  EXPECT_EQ(common(schema(4, 1, 3), schema(2, 1, 1)), 0u) << "cannot write so old a one";
  EXPECT_EQ(common(schema(1, 1, 1), schema(4, 2, 1)), 0u) << "cannot read so old a one";
}

}  // namespace
}  // namespace gw::sdk
