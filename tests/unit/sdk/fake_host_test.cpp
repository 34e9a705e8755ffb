// FakeHost keeps the host's promises; a channel's tests are worth what this is worth.
#include "testing/fake_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gw/plugin.hpp"

namespace gw::testing {
namespace {

using sdk::Consumed;
using sdk::EventView;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Plan {
  uint32_t classFlags = GW_CLASS_REPROMPT;
  bool setClass = true;
  bool hello = true;
  size_t takeAtMost = SIZE_MAX;
};
Plan plan;

class ProbeStream : public sdk::Stream {
 public:
  explicit ProbeStream(sdk::HostConn host) : Stream(host) {
    if (plan.setClass) host.setClass(3, plan.classFlags, "cls");
    if (plan.hello) host.hello(8, {.caps = GW_CAP_UTF8, .device = "dev"});
  }
  Consumed onData(std::string_view bytes, uint64_t) override {
    const std::string_view part = bytes.substr(0, plan.takeAtMost);
    if (part == "late-class") conn().setClass(4, 0, "late");
    if (part == "pause") conn().readPause();
    if (part == "frame") conn().frame("{}");
    if (part == "ack") conn().ack(2, 3);
    if (part == "close") conn().close(GW_CLOSE_NORMAL, "asked");
    return conn().submitLine(part) == GW_E_AGAIN ? 0 : part.size();
  }
  void onTimer(uint32_t id, uint64_t nowNs) override {
    conn().send("t" + std::to_string(id) + "@" + std::to_string(nowNs / 1'000'000) + " ");
    if (id == 6) conn().readResume();
  }
  void onEvent(uint64_t token, gw_status status, std::string_view json) override {
    if (token != 8) return;
    conn().send("[" + std::to_string(status) + std::string(json) + "]");
    conn().timerSet(1, std::chrono::milliseconds(20));
    conn().timerSet(2, std::chrono::milliseconds(10));
    conn().timerSet(3, std::chrono::milliseconds(10));
    conn().timerCancel(3);
    EXPECT_EQ(conn().timerSet(8, std::chrono::milliseconds(1)), GW_E_INVALID);
  }
  gw_status wrap(const EventView&, uint64_t epoch, uint64_t seq, size_t length, sdk::Wrap& out) override {
    out.head("<" + std::to_string(epoch) + "." + std::to_string(seq) + ":" + std::to_string(length) + ">");
    out.tail("</>");
    return GW_OK;
  }
  gw_status deliver(const EventView&, uint64_t, uint64_t seq, std::string_view body) override {
    return conn().send("{" + std::to_string(seq) + std::string(body) + "}");
  }
  void onClosed(uint32_t) override { EXPECT_EQ(conn().send("too late"), GW_E_STATE); }
};

class ProbeChannel : public sdk::Channel {
 public:
  static constexpr sdk::Descriptor kDescriptor{
      .id = "probe", .name = "Probe", .vendor = "", .version = "1.0.0", .license = ""};
  ProbeChannel(sdk::HostInst inst, std::string_view)
      : Channel(inst), opened_(inst, GW_METRIC_COUNTER, "opened_total", ""), open_(inst, GW_METRIC_GAUGE, "open", "") {}
  std::unique_ptr<sdk::Stream> open(sdk::HostConn conn, const gw_open_info&, uint64_t) override {
    opened_.add();
    open_.set(42);
    return std::make_unique<ProbeStream>(conn);
  }
  gw_status encode(std::string_view cls, const EventView& event, sdk::Builder& out) const override {
    if (event.name() == "hidden") return GW_E_UNSUPPORTED;
    out.append(cls);
    return out.append(event.text());
  }

 private:
  sdk::Metric opened_, open_;
};

class FakeHostTest : public ::testing::Test {
 protected:
  FakeHostTest() { plan = Plan{}; }
  FakeHost host_{sdk::pluginTable<ProbeChannel>()};
};

TEST_F(FakeHostTest, SubmitSaysAgainWhileAHelloIsPendingAndBytesComeAgain) {
  auto conn = host_.open();
  conn->receive("one");
  EXPECT_THAT(conn->lines(), IsEmpty());
  EXPECT_EQ(conn->unread(), "one");
  conn->answerHello(GW_OK, "{}");
  EXPECT_THAT(conn->lines(), ElementsAre("one"));
  EXPECT_EQ(conn->takeSent(), "[0{}]");
  ASSERT_EQ(conn->hellos().size(), 1u);
  EXPECT_EQ(conn->hellos()[0].device, "dev");
  EXPECT_EQ(conn->hellos()[0].token, 8u);
}

TEST_F(FakeHostTest, BytesAreOfferedUntilNothingIsConsumed) {
  plan.hello = false;
  plan.takeAtMost = 2;
  auto conn = host_.open();
  conn->receive("abcde");
  EXPECT_THAT(conn->lines(), ElementsAre("ab", "cd", "e"));
}

TEST_F(FakeHostTest, PausedConnectionIsOfferedNothingUntilResumed) {
  plan.hello = false;
  auto conn = host_.open();
  conn->receive("pause");
  conn->receive("more");
  EXPECT_TRUE(conn->isReadPaused());
  EXPECT_EQ(conn->unread(), "more");
  EXPECT_EQ(host_.table().stream->timer_set(reinterpret_cast<gw_host_conn*>(conn.get()), 6, 5), GW_OK);
  host_.advance(5);  // its handler resumes
  EXPECT_THAT(conn->lines(), ElementsAre("pause", "more"));
}

TEST_F(FakeHostTest, EventsWaitForAClass) {
  plan.hello = plan.setClass = false;
  auto conn = host_.open();
  conn->deliver(FakeEvent::line("early"), 5);
  EXPECT_EQ(conn->sent(), "");
  conn->receive("late-class");
  EXPECT_EQ(conn->sent(), "<1.5:9>lateearly</>");
}

TEST_F(FakeHostTest, EncodesOncePerEventAndClass) {
  plan.hello = false;
  auto first = host_.open(), second = host_.open();
  plan.setClass = false;
  auto third = host_.open();
  third->receive("late-class");
  const FakeEvent event = FakeEvent::line("x");
  for (auto* conn : {first.get(), second.get(), third.get()}) conn->deliver(event, 1);
  EXPECT_EQ(host_.encodeCalls(), 2u);
  EXPECT_EQ(first->sent(), second->sent());
}

TEST_F(FakeHostTest, ShowsThePromptAgainOnceAfterATurnsText) {
  plan.hello = false;
  auto conn = host_.open();
  conn->deliver(FakeEvent::prompt("> "));
  conn->endTurn();
  EXPECT_EQ(conn->takeSent(), "<1.0:5>cls> </>");
  conn->deliver(FakeEvent::line("a"), 1);
  conn->deliver(FakeEvent::line("b"), 2);
  conn->endTurn();
  conn->endTurn();
  EXPECT_EQ(conn->takeSent(), "<1.1:4>clsa</><1.2:4>clsb</><1.0:5>cls> </>");
}

TEST_F(FakeHostTest, SkipsWhatAClassDoesNotShow) {
  plan.hello = false;
  plan.classFlags = GW_CLASS_TEXT_ONLY;
  auto conn = host_.open();
  conn->deliver(FakeEvent::data("presence", "{}"));
  FakeEvent hidden = FakeEvent::line("x");
  hidden.name = "hidden";
  conn->deliver(hidden);
  EXPECT_EQ(conn->sent(), "");
}

TEST_F(FakeHostTest, TransformedStreamsDeliverThemselves) {
  plan.hello = false;
  plan.classFlags = GW_CLASS_STREAM_TRANSFORM;
  auto conn = host_.open();
  conn->deliver(FakeEvent::line("x"), 7);
  EXPECT_EQ(conn->sent(), "{7clsx}");
}

TEST_F(FakeHostTest, TimersFireInOrderAndOnce) {
  auto conn = host_.open();
  conn->autoAnswerHello = true;
  conn->answerHello();
  conn->takeSent();
  host_.advance(9);
  EXPECT_EQ(conn->takeSent(), "");
  host_.advance(100);
  EXPECT_EQ(conn->takeSent(), "t2@1010 t1@1020 ") << "the third was cancelled";
  host_.advance(100);
  EXPECT_EQ(conn->takeSent(), "");
}

TEST_F(FakeHostTest, RecordsFramesAcksAndTheClose) {
  plan.hello = false;
  auto conn = host_.open();
  conn->receive("frame");
  conn->receive("ack");
  EXPECT_THAT(conn->frames(), ElementsAre("{}"));
  EXPECT_THAT(conn->acks(), ElementsAre(std::pair<uint64_t, uint64_t>{2, 3}));
  conn->receive("close");
  ASSERT_TRUE(conn->closedBy());
  EXPECT_EQ(conn->closedBy()->reason, "asked");
  conn->receive("ignored");
  conn->deliver(FakeEvent::line("ignored"));
  EXPECT_EQ(conn->sent(), "");
}

TEST_F(FakeHostTest, NoUnitFollowsCloseBegin) {
  plan.hello = false;
  auto conn = host_.open();
  conn->closeBegin(GW_CLOSE_SHUTDOWN);
  conn->deliver(FakeEvent::line("late"));
  EXPECT_EQ(conn->sent(), "");
}

TEST_F(FakeHostTest, CountsMetricsByName) {
  auto first = host_.open(), second = host_.open();
  EXPECT_EQ(host_.metric("opened_total"), 2);
  EXPECT_EQ(host_.metric("open"), 42);
  EXPECT_EQ(host_.metric("unknown"), 0);
}

TEST_F(FakeHostTest, SharedBuffersAreSentAndFreed) {
  plan.hello = false;
  auto conn = host_.open();
  const gw_host& table = host_.table();
  gw_buf* buf = table.base->buf_new(sdk::slice("shared"));
  table.base->buf_ref(buf);
  EXPECT_EQ(sdk::HostConn(reinterpret_cast<gw_host_conn*>(conn.get())).sendBuf(buf), GW_OK);
  table.base->buf_unref(buf);
  EXPECT_EQ(sdk::view(table.base->buf_bytes(buf)), "shared");
  table.base->buf_unref(buf);
  EXPECT_EQ(conn->sent(), "shared");
  EXPECT_EQ(table.stream->now_ns(), host_.nowNs());
  EXPECT_EQ(table.get_extension(sdk::slice("gw.any/1")), nullptr);
}

}  // namespace
}  // namespace gw::testing
