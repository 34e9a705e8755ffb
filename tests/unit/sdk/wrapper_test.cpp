// The C++ wrapper: whatever a channel does, only statuses leave it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "gw/plugin.hpp"
#include "testing/fake_host.h"

namespace gw::sdk {
namespace {

using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using ::testing::HasSubstr;

enum class Fault { kNone, kError, kRuntime, kMemory, kInt };
Fault fault = Fault::kNone;
std::string seen;

void maybeThrow(std::string_view where) {
  seen += where;
  seen += ' ';
  switch (fault) {
    case Fault::kNone:
      return;
    case Fault::kError:
      throw Error("said by the plugin", GW_E_LIMIT);
    case Fault::kRuntime:
      throw std::runtime_error("a std exception");
    case Fault::kMemory:
      throw std::bad_alloc();
    case Fault::kInt:
      throw 7;
  }
}

class FaultyStream : public Stream {
 public:
  using Stream::Stream;
  ~FaultyStream() override { seen += "destroyed "; }
  Consumed onData(std::string_view bytes, uint64_t) override {
    maybeThrow("data");
    return bytes.size();
  }
  void onEof() override { maybeThrow("eof"); }
  void onTimer(uint32_t, uint64_t) override { maybeThrow("timer"); }
  void onWritable() override { maybeThrow("writable"); }
  void onEvent(uint64_t, gw_status, std::string_view) override { maybeThrow("event"); }
  void onNotice(const gw_notice&) override { maybeThrow("notice"); }
  void onLogin(const gw_login_event&) override { maybeThrow("login"); }
  void onCloseBegin(const gw_close_info&, uint64_t) override { maybeThrow("close"); }
  void onClosed(uint32_t) override { maybeThrow("closed"); }
  gw_status wrap(const EventView&, uint64_t, uint64_t, size_t, Wrap&) override {
    maybeThrow("wrap");
    return GW_OK;
  }
};

class FaultyChannel : public Channel {
 public:
  static constexpr Descriptor kDescriptor{
      .id = "faulty", .name = "Faulty", .vendor = "Gatehouse", .version = "1.0.0", .license = "none"};
  FaultyChannel(HostInst inst, std::string_view) : Channel(inst) { maybeThrow("create"); }
  static void validate(std::string_view) { maybeThrow("validate"); }
  std::unique_ptr<Stream> open(HostConn conn, const gw_open_info& info, uint64_t) override {
    maybeThrow("open");
    if (view(info.peer_h) == "nobody") return nullptr;
    return std::make_unique<FaultyStream>(conn);
  }
  gw_status encode(std::string_view, const EventView& event, Builder& out) const override {
    maybeThrow("encode");
    return out.append(event.text());
  }
  void start() override { maybeThrow("start"); }
  int32_t reconfigure(std::string_view) override {
    maybeThrow("reconfigure");
    return GW_RECONF_APPLIED;
  }
  void drain(uint64_t) override { maybeThrow("drain"); }
  void stop() override { maybeThrow("stop"); }
  void selftest() const override { maybeThrow("selftest"); }
  HealthReport report() const override {
    maybeThrow("report");
    return {GW_HEALTH_DEGRADED, "so-so"};
  }
};

class WrapperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fault = Fault::kNone;
    seen.clear();
  }
  void TearDown() override { fault = Fault::kNone; }
};

TEST_F(WrapperTest, TheLifeOfAnAccountIsPassedOn) {
  {
    FakeHost host(pluginTable<FaultyChannel>());
    ASSERT_TRUE(host.ok());
    EXPECT_EQ(host.selftest(), GW_OK);
    EXPECT_EQ(host.healthReport(), (std::pair<uint32_t, std::string>{GW_HEALTH_DEGRADED, "so-so"}));
    EXPECT_EQ(host.reconfigure("{}"), GW_RECONF_APPLIED);
    EXPECT_EQ(host.configSchema(), R"({"type":"object"})");
    EXPECT_EQ(host.plugin().get_extension(slice("gw.http/1")), nullptr);
    EXPECT_EQ(host.plugin().get_extension(slice("gw.unheard-of/1")), nullptr);
  }
  EXPECT_EQ(seen, "validate create start selftest report reconfigure drain stop ");
}

TEST_F(WrapperTest, TheLifeOfAStreamIsPassedOn) {
  FakeHost host(pluginTable<FaultyChannel>());
  auto conn = host.open();
  seen.clear();
  conn->receive("x");
  conn->eof();
  conn->writable();
  conn->event(1, GW_OK, "{}");
  conn->notice(GW_NOTICE_STATE, 0, 1);
  conn->login({.kind = GW_LOGIN_OPEN});
  conn->closeBegin(GW_CLOSE_IDLE);
  conn.reset();
  EXPECT_EQ(seen, "data eof writable event notice login close closed destroyed ");
}

TEST_F(WrapperTest, RefusalsCarryStatusAndSentence) {
  const struct {
    Fault fault;
    gw_status status;
    const char* sentence;
  } cases[] = {{Fault::kError, GW_E_LIMIT, "said by the plugin"},
               {Fault::kRuntime, GW_E_INTERNAL, "a std exception"},
               {Fault::kMemory, GW_E_NOMEM, "out of memory"},
               {Fault::kInt, GW_E_INTERNAL, "unknown exception"}};
  FakeHost host(pluginTable<FaultyChannel>());
  for (const auto& each : cases) {
    fault = each.fault;
    EXPECT_EQ(host.validate("{}"), each.status);
    EXPECT_THAT(host.error(), HasSubstr(each.sentence));
    EXPECT_EQ(host.selftest(), each.status);
    EXPECT_EQ(host.reconfigure("{}"), GW_RECONF_REJECTED);
    fault = Fault::kNone;
  }
}

TEST_F(WrapperTest, CreateAndStartMayRefuse) {
  fault = Fault::kError;
  const FakeHost host(pluginTable<FaultyChannel>());
  EXPECT_FALSE(host.ok());
  EXPECT_EQ(host.error(), "said by the plugin");
}

TEST_F(WrapperTest, NothingLeavesAStream) {
  for (const Fault each : {Fault::kError, Fault::kRuntime, Fault::kMemory, Fault::kInt}) {
    fault = Fault::kNone;
    FakeHost host(pluginTable<FaultyChannel>());
    auto conn = host.open();
    fault = each;
    EXPECT_EQ(host.open(), nullptr);
    EXPECT_EQ(host.encode("", FakeEvent::line("x")), std::nullopt);
    conn->eof();
    conn->writable();
    conn->event(1, GW_OK, "{}");
    conn->notice(GW_NOTICE_STATE);
    conn->login({.kind = GW_LOGIN_OPEN});
    conn->receive("x");
    ASSERT_TRUE(conn->closedBy()) << "data that fails ends the connection";
    EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_PROTOCOL));
    seen.clear();
    conn.reset();
    EXPECT_EQ(seen, "closed destroyed ") << "a throw in the last call still frees the stream";
    EXPECT_EQ(host.healthReport().first, static_cast<uint32_t>(GW_HEALTH_FAILED)) << "nothing was reported";
  }
}

TEST_F(WrapperTest, StdExceptionsInCallbacksAreLogged) {
  FakeHost host(pluginTable<FaultyChannel>());
  auto conn = host.open();
  fault = Fault::kRuntime;
  conn->eof();
  fault = Fault::kNone;
  ASSERT_EQ(host.logs().size(), 1u);
  EXPECT_EQ(host.logs()[0].level, GW_LOG_ERROR);
  ASSERT_EQ(host.logs()[0].fields.size(), 1u);
  EXPECT_EQ(host.logs()[0].fields[0].second, "a std exception");
}

TEST_F(WrapperTest, NullStreamRefusesTheConnection) {
  FakeHost host(pluginTable<FaultyChannel>());
  gw::testing::OpenOptions nobody;
  nobody.peer = "nobody";
  EXPECT_EQ(host.open(nobody), nullptr);
}

TEST_F(WrapperTest, HostWithoutTablesIsRefused) {
  gw_err err{};
  EXPECT_EQ(pluginTable<FaultyChannel>().init(nullptr, 0, &err), GW_E_INVALID);
  EXPECT_NE(std::string(err.text), "");
}

TEST(WrapBuffer, RefusesWholeWhatDoesNotFit) {
  gw_wrap raw{};
  Wrap wrap(raw);
  EXPECT_TRUE(wrap.head(std::string(GW_WRAP_MAX, 'x')));
  EXPECT_FALSE(wrap.head("y"));
  EXPECT_EQ(raw.head_len, static_cast<uint32_t>(GW_WRAP_MAX));
  EXPECT_TRUE(wrap.tail("ok"));
  EXPECT_FALSE(wrap.tail(std::string(GW_WRAP_MAX - 1, 'x')));
  EXPECT_EQ(raw.tail_len, 2u);
}

TEST(WriteError, CutsToFitAndTerminates) {
  gw_err err;
  std::memset(&err, 'z', sizeof err);
  writeError(&err, std::string(1000, 'x'));
  EXPECT_EQ(std::string(err.text), std::string(511, 'x'));
  writeError(nullptr, "nowhere");
}

class Quiet : public Channel {
 public:
  static constexpr Descriptor kDescriptor{.id = "quiet", .name = "", .vendor = "", .version = "1", .license = ""};
  Quiet(HostInst inst, std::string_view) : Channel(inst) {}
  std::unique_ptr<Stream> open(HostConn conn, const gw_open_info&, uint64_t) override {
    return std::make_unique<Stream>(conn);
  }
  gw_status encode(std::string_view, const EventView&, Builder&) const override { return GW_E_UNSUPPORTED; }
};

TEST(DefaultStream, EofAndCloseEndTheConnection) {
  FakeHost host(pluginTable<Quiet>());
  auto first = host.open();
  first->receive("taken");
  EXPECT_EQ(first->unread(), "");
  first->eof();
  EXPECT_EQ(first->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_LOST));
  auto second = host.open();
  second->closeBegin(GW_CLOSE_IDLE, "bye");
  EXPECT_EQ(second->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_IDLE));
  EXPECT_EQ(second->closedBy()->reason, "bye");
  EXPECT_EQ(host.selftest(), GW_OK);
  EXPECT_EQ(host.healthReport().first, static_cast<uint32_t>(GW_HEALTH_OK));
  EXPECT_EQ(host.reconfigure("{}"), GW_RECONF_NEEDS_RECREATE);
}

}  // namespace
}  // namespace gw::sdk
