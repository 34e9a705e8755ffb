// What a plugin does against its contract is recorded, in words that name the function and the rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "testing/fake_host.h"
#include "testing/plugin_call.h"

namespace gw::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const gw_host* hostTable = nullptr;
gw_host_conn* theConn = nullptr;
bool wasInPlugin = false;

std::string_view viewOf(gw_slice slice) { return {slice.ptr, slice.len}; }

gw_status open(gw_inst*, gw_host_conn* conn, const gw_open_info* info, uint64_t, gw_conn** out) {
  theConn = conn;
  *out = reinterpret_cast<gw_conn*>(conn);
  hostTable->stream->set_class(conn, 1, 0, {"c", 1});
  return info->user_u64 == 2 ? GW_E_STATE : GW_OK;
}
/// Does what the bytes say.
gw_status data(gw_conn*, gw_slice bytes, uint64_t, size_t* consumed) {
  const std::string_view word = viewOf(bytes);
  wasInPlugin = isInPlugin();
  if (word == "timer") hostTable->stream->timer_set(theConn, 9, 1);
  if (word == "spin") hostTable->stream->timer_set(theConn, 1, 0);
  if (word == "metric") hostTable->base->metric_add(nullptr, 77, 1);
  if (word == "status") return 5;
  *consumed = word == "greedy" ? bytes.len + 1 : bytes.len;
  return word == "proto" ? GW_E_PROTO : GW_OK;
}
void nothing(gw_conn*) {}
void timer(gw_conn*, uint32_t id, uint64_t) { hostTable->stream->timer_set(theConn, id, 0); }
void event(gw_conn*, uint64_t, gw_status, gw_slice) {}
void notice(gw_conn*, const gw_notice*) {}
void closeBegin(gw_conn*, const gw_close_info*, uint64_t) {}
void closed(gw_conn*, uint32_t) { hostTable->stream->send(theConn, {"bye", 3}); }
const gw_stream_ext streamTable{
    sizeof(gw_stream_ext), open, data, nothing, timer, nothing, event, notice, closeBegin, closed};

gw_status encode(gw_inst*, gw_slice, const gw_event* shown, gw_builder* builder) {
  return hostTable->base->builder_append(builder, shown->text);
}
gw_status wrap(gw_conn*, const gw_event* shown, uint64_t, uint64_t, size_t, gw_wrap* out) {
  if (viewOf(shown->text) == "long") out->head_len = GW_WRAP_MAX + 1;
  if (viewOf(shown->text) == "beyond") std::memset(out, 0, sizeof *out + 1);
  return GW_OK;
}
const gw_encode_ext encodeTable{sizeof(gw_encode_ext), encode, wrap, nullptr};

gw_status validate(gw_slice options, gw_err* err) {
  if (viewOf(options) == "{}") return GW_OK;
  std::memset(err->text, 'x', sizeof err->text);
  return GW_E_INVALID;
}
gw_status create(gw_host_inst*, gw_slice, gw_err*, gw_inst** out) {
  static int instance;
  *out = reinterpret_cast<gw_inst*>(&instance);
  return GW_OK;
}
gw_status start(gw_inst*, gw_err*) { return GW_OK; }
int32_t reconfigure(gw_inst*, gw_slice, gw_err*) { return GW_RECONF_APPLIED; }
void drain(gw_inst*, uint64_t) {}
void stop(gw_inst*) {}
const gw_instance_ops ops{sizeof(gw_instance_ops), validate, create, start, reconfigure, drain, stop, stop};

gw_status init(const gw_host* host, uint64_t, gw_err*) {
  hostTable = host;
  return GW_OK;
}
void deinit() {}
const void* extension(gw_slice id) {
  if (viewOf(id) == GW_EXT_STREAM) return &streamTable;
  return viewOf(id) == GW_EXT_ENCODE ? &encodeTable : nullptr;
}

class Violations : public ::testing::Test {
 protected:
  std::string only() const {
    EXPECT_EQ(host_.violations().size(), 1u);
    return host_.violations().empty() ? "" : host_.violations().front();
  }
  void receive(std::string_view word) { host_.open()->receive(word); }
  /// As above, without what closed() does wrong.
  std::string after(std::string_view word) {
    const auto conn = host_.open();
    conn->receive(word);
    return only();
  }

  gw_plugin plugin_ = [] {
    gw_plugin table{};
    table.struct_size = sizeof(gw_plugin);
    table.init = init;
    table.deinit = deinit;
    table.instance = &ops;
    table.get_extension = extension;
    return table;
  }();
  FakeHost host_{plugin_};
};

TEST_F(Violations, NameWhatDataMayNotDo) { EXPECT_THAT(after("greedy"), HasSubstr("consumed more than it was given")); }
TEST_F(Violations, NameAStatusThatIsNone) { EXPECT_THAT(after("status"), HasSubstr("data returned 5")); }
TEST_F(Violations, NameOutputsOfFailures) {
  EXPECT_THAT(after("proto"), HasSubstr("data failed and wrote *consumed_out"));
}
TEST_F(Violations, NameAConnectionOfAFailedOpen) {
  OpenOptions refused;
  refused.user = 2;
  EXPECT_EQ(host_.open(refused), nullptr);
  EXPECT_THAT(only(), HasSubstr("open failed and wrote *conn_out"));
}
TEST_F(Violations, NameATimerThatCannotBe) { EXPECT_THAT(after("timer"), HasSubstr("timer_set was called with id 9")); }
TEST_F(Violations, NameAMetricThatWasNotDefined) { EXPECT_THAT(after("metric"), HasSubstr("metric_add")); }

TEST_F(Violations, EndATimerThatFiresWithoutTimePassing) {
  const auto conn = host_.open();
  conn->receive("spin");
  host_.advance(1);
  EXPECT_THAT(only(), HasSubstr("timer 1 is set again and again"));
}

TEST_F(Violations, NameCallsInAndAfterClosed) {
  receive("x");
  EXPECT_THAT(only(), HasSubstr("send was called in closed"));
  hostTable->stream->send(theConn, {"x", 1});
  EXPECT_THAT(host_.violations(), Contains(HasSubstr("send was called with a connection that is gone")));
}

TEST_F(Violations, NameCallsOutsideOfACallback) {
  const auto conn = host_.open();
  EXPECT_THAT(host_.violations(), IsEmpty());
  hostTable->stream->timer_cancel(theConn, 1);
  EXPECT_THAT(only(), HasSubstr("timer_cancel was called outside of a callback"));
}

TEST_F(Violations, NameAWrapBeyondItsBounds) {
  const auto conn = host_.open();
  conn->deliver(FakeEvent::line("long"));
  EXPECT_THAT(only(), HasSubstr("head 97"));
  EXPECT_EQ(conn->sent(), "");
  conn->deliver(FakeEvent::line("beyond"));
  EXPECT_THAT(host_.violations(), Contains("wrap wrote beyond its gw_wrap"));
}

TEST_F(Violations, NameAnErrWithoutItsEnd) {
  host_.validate("[]");
  EXPECT_THAT(host_.violations(), ElementsAre("validate_config left its gw_err without a NUL"));
}

TEST_F(Violations, AreKeptOnce) {
  for (int i = 0; i < 3; ++i) receive("x");
  EXPECT_EQ(host_.violations().size(), 1u);
}

TEST_F(Violations, KnowWhoseCodeRuns) {
  receive("x");
  EXPECT_TRUE(wasInPlugin);
  EXPECT_FALSE(isInPlugin());
}

}  // namespace
}  // namespace gw::testing
