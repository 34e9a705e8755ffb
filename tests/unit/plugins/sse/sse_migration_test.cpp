// An event stream's code is replaced under it: the client sees one stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../migration_script.h"
#include "gw/plugin.hpp"
#include "sse_channel.h"

namespace gw::sse {
namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using gw::testing::MigrationScript;

MigrationScript stream() {
  MigrationScript all(sdk::pluginTable<SseChannel>());
  all.text("One.", 1)
      .wait(14'999)
      .wait(1)
      .text("Two.", 2)
      .then([](FakeConn& conn) { conn.sendResult = GW_E_AGAIN; })
      .wait(15'000)
      .wait(15'000)
      .then([](FakeConn& conn) {
        conn.sendResult = GW_OK;
        conn.writable();
      })
      .wait(15'000)
      .text("Three.", 1, 2)
      .then([](FakeConn& conn) { conn.closeBegin(GW_CLOSE_SHUTDOWN); });
  return all;
}

TEST(SseMigration, TheClientSeesOneStream) { stream().expectMovesAreUnseen(); }

TEST(SseMigration, AStreamIsSmall) {
  for (const std::string& state : stream().states()) EXPECT_LE(state.size(), 4u);
}

TEST(SseMigration, HostileStatesAreHarmless) {
  const auto use = [](FakeConn& conn) {
    conn.deliver(FakeEvent::line("Rain."), 1);
    conn.writable();
    conn.closeBegin(GW_CLOSE_SHUTDOWN);
  };
  stream().expectHostileStatesAreHarmless(stream().states(), use);
}

TEST(SseMigration, ADeferredRequestIsAnsweredWhereItWasMade) {
  FakeHost host(sdk::pluginTable<SseChannel>());
  const auto request = host.request("GET", "/events", "", {{"authorization", "Bearer t"}});
  auto& next = host.load(sdk::pluginTable<SseChannel>());
  request->answer(GW_OK, 200);
  const auto conn = request->openStream();
  ASSERT_NE(conn, nullptr);
  EXPECT_EQ(conn->takeSent(), "retry: 2000\n\n");
  EXPECT_EQ(host.migrate(*conn, next).outcome, gw::testing::FakeMigration::Outcome::kMoved);
  conn->deliver(FakeEvent::line("Rain."), 1);
  EXPECT_EQ(conn->takeSent(), "id: 1.1\nevent: output\ndata: {}\n\n") << "no second retry";
}

}  // namespace
}  // namespace gw::sse
