// The backend link as operators see it: tokens, states, traces, simulated players.

#include <sys/stat.h>

#include <map>
#include <set>
#include <thread>

#include "integration/link_fixture.h"

namespace gw::test {
namespace {

class LinkOperators : public LinkTest {};

TEST_F(LinkOperators, WithoutATokenTheGatewaySaysHowToMakeOne) {
  prepare(R"({"backend": {"mode": "link"}})");
  expectStopped();
  const Outcome outcome = gateway().startAndFail();
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_NE(outcome.err.find("--create-backend-token world"), std::string::npos) << outcome.err;
}

TEST_F(LinkOperators, OperatorsSeeStatesAndEndWhatTheyWant) {
  launchLink();
  EXPECT_EQ(gateway().gwctlJson({"backend", "list"}).at("items").at(0).at("state"), "connecting");
  EXPECT_EQ(gateway().gwctlJson({"health"}).at("status"), "degraded");
  LinkPeer world = backend();
  V1Client anna = player(world);
  Json shown = gateway().gwctlJson({"backend", "show", "world"});
  EXPECT_EQ(shown.at("state"), "connected");
  EXPECT_EQ(shown.at("sessions"), 1);
  EXPECT_EQ(shown.at("connections").at(0).at("instance"), "i1");
  EXPECT_EQ(shown.at("connections").at(0).at("client"), "link-peer 1");
  EXPECT_GE(shown.at("calls").get<int>(), 2);
  EXPECT_EQ(gateway().gwctl({"backend", "trace", "world", "--once"}).exit, 0);
  anna.command("traced");
  world.expect("command");
  const Outcome trace = gateway().gwctl({"backend", "trace", "world", "--once"});
  EXPECT_NE(trace.out.find("command"), std::string::npos) << trace.out;
  EXPECT_EQ(trace.out.find("traced"), std::string::npos) << "texts are nobody's business";
  EXPECT_EQ(gateway().gwctl({"backend", "drain", "world", "b9"}).exit, 5);
  EXPECT_EQ(gateway().gwctl({"backend", "drain", "world", "b1", "--grace", "1s"}).exit, 0);
  EXPECT_EQ(world.expect("link.drain").at("graceMs"), 1000);
  EXPECT_EQ(gateway().gwctl({"backend", "disconnect", "world"}).exit, 0);
  EXPECT_EQ(world.readToClose(), 1001);
  waitUntil("it is seen as failed", [&] {
    return gateway().gwctlJson({"backend", "show", "world"}).at("state") == "failed";
  });
  EXPECT_EQ(gateway().gwctl({"backend", "show", "nobody"}).exit, 5);
}

TEST_F(LinkOperators, SimulatedPlayersComeInTypeAndAreTimed) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const std::string script = gateway().files().write("script", "north\nsouth\n");
  std::optional<Outcome> outcome;
  std::thread operating([&] {
    outcome = gateway().gwctl({"backend", "simulate", "world", "--players", "3", "--lines-per-minute", "600", "--for",
                               "1s", "--script", script});
  });
  std::map<std::string, uint64_t> counts;
  std::set<std::string> texts;
  size_t closed = 0;
  waitUntil("the three have come and gone", [&] {
    world.poll();
    for (const Json& frame : std::exchange(world.frames(), {})) {
      const std::string name = frame.value("event", "");
      if (name == "session.closed") ++closed;
      if (name != "command") continue;
      const std::string session = frame["payload"]["session"];
      texts.insert(frame["payload"]["text"].get<std::string>());
      world.output(session, "done", ++counts[session]);
      world.acknowledge(session, frame["payload"]["seq"]);
    }
    return closed == 3;
  });
  operating.join();
  EXPECT_EQ(outcome->exit, 0) << outcome->out << outcome->err;
  EXPECT_NE(outcome->out.find("Came in:"), std::string::npos) << outcome->out;
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_EQ(texts, (std::set<std::string>{"north", "south"}));
  const Json report = gateway().gwctlJson({"session", "list"});
  EXPECT_EQ(report.at("items").size(), 1u) << "they are no sessions of the gateway";
}

TEST_F(LinkOperators, ANewTokenTakesTheOldOnesPlaceAndARevokedOneEndsItsConnections) {
  launchLink();
  LinkPeer world = backend();
  const Outcome made = gateway().gwctl({"backend", "token", "create", "world", "--broadcast"});
  ASSERT_EQ(made.exit, 0) << made.err;
  const std::string fresh = made.out.substr(0, made.out.find('\n'));
  LinkPeer old(gateway().linkPort());
  EXPECT_EQ(old.connect(token_).at("error").at("code"), "UNAUTHORIZED");
  EXPECT_EQ(old.readToClose(), 4001);
  LinkPeer next(gateway().linkPort());
  EXPECT_EQ(next.connect(fresh).at("payload").at("auth").at("capabilities"), Json({"broadcast"}));
  EXPECT_EQ(gateway().gwctlJson({"backend", "token", "list"}).at("items").at(0).at("name"), "world");
  EXPECT_EQ(gateway().gwctl({"backend", "token", "revoke", "world"}).exit, 0);
  EXPECT_EQ(next.readToClose(), 1001);
  LinkPeer revoked(gateway().linkPort());
  EXPECT_EQ(revoked.connect(fresh).at("error").at("code"), "UNAUTHORIZED");
}

TEST_F(LinkOperators, AUnixSocketIsTheOwnersAlone) {
  launchLink({{"backend", {{"socket", "backend.sock"}}}});
  struct stat facts {};
  const std::string path = gateway().folder() + "/state/backend.sock";
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_TRUE(S_ISSOCK(facts.st_mode));
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace gw::test
