#include <gmock/gmock.h>
#include <sys/stat.h>

#include "unit/cli/gwctl_fixture.h"

namespace gw::cli {
namespace {

using admin::FakeGatewayPort;
using admin::HealthLevel;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Gwctl = GwctlFixture;

TEST_F(Gwctl, BeginsTheStatusWithAllIsWell) {
  const Outcome run = gwctl({"status"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("healthy: all is well, up 1m 1s\n"));
  EXPECT_THAT(run.out, HasSubstr("telnet:default"));
  EXPECT_THAT(run.out, HasSubstr("127.0.0.1:4000"));
  EXPECT_THAT(run.out, HasSubstr("gw-test"));
  EXPECT_THAT(run.out, HasSubstr("3 playing, 0 disconnected, 0 logging in"));
}

TEST_F(Gwctl, BeginsTheStatusWithTheWorstProblemAndTheNextCommand) {
  port_.statusNow.health.level = HealthLevel::kUnhealthy;
  port_.statusNow.health.problems = {{HealthLevel::kUnhealthy, "telnet:default is in error: port 4000 is in use",
                                      FakeGatewayPort::kNow, "gwctl channel show telnet:default"},
                                     {HealthLevel::kDegraded, "the store is down", FakeGatewayPort::kNow, ""}};
  port_.statusNow.shutdown = {true, FakeGatewayPort::kNow, "patch"};
  const Outcome run = gwctl({"status"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_THAT(run.out, StartsWith("unhealthy: telnet:default is in error: port 4000 is in use, since "
                                  "2026-03-01 12:00:00Z; next: gwctl channel show telnet:default\n"
                                  "  also: the store is down, since 2026-03-01 12:00:00Z\n"));
  EXPECT_THAT(run.out, HasSubstr("SHUTDOWN at 2026-03-01 12:00:00Z: patch"));
}

TEST_F(Gwctl, TellsHealthByItsExitCode) {
  EXPECT_EQ(gwctl({"health"}).exit, 0);
  port_.statusNow.health.level = HealthLevel::kDegraded;
  EXPECT_EQ(gwctl({"health"}).exit, 0);
  EXPECT_EQ(gwctl({"health", "--strict"}).exit, 11);
  EXPECT_EQ(gwctl({"health", "--json"}).exit, 0);
  port_.statusNow.health.level = HealthLevel::kUnhealthy;
  port_.statusNow.health.storeIsUp = false;
  port_.statusNow.health.storeDetail = "disk full";
  const Outcome run = gwctl({"health"});
  EXPECT_EQ(run.exit, 11);
  EXPECT_THAT(run.out, HasSubstr("DOWN (disk full)"));
}

TEST_F(Gwctl, PrintsJsonAnywhereOnTheLine) {
  for (const auto& line : std::vector<std::vector<std::string>>{
           {"--json", "version"}, {"version", "--json"}, {"version", "-o", "json"}, {"-o", "json", "version"}}) {
    const Outcome run = gwctl(line);
    EXPECT_EQ(run.exit, 0) << run.err;
    EXPECT_EQ(nlohmann::json::parse(run.out)["version"], "0.1.0");
  }
  EXPECT_THAT(gwctl({"version"}).out, HasSubstr("Plugin ABI: 1"));
}

TEST_F(Gwctl, PlansAndCancelsAShutdown) {
  const Outcome run = gwctl({"shutdown", "--in", "5m", "--message", "back soon"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "The gateway will stop at 2026-03-01 12:05:00Z; cancel: gwctl shutdown --cancel\n");
  EXPECT_TRUE(port_.wasTold("shutdown 300000 back soon"));
  EXPECT_EQ(gwctl({"shutdown"}).out, "The gateway is stopping.\n");
  EXPECT_EQ(gwctl({"shutdown", "--cancel"}).exit, 0);
  EXPECT_TRUE(port_.wasTold("cancelShutdown"));
  EXPECT_EQ(gwctl({"shutdown", "--cancel", "--in", "5m"}).exit, 2);
  EXPECT_EQ(gwctl({"shutdown", "--in", "soon"}).exit, 2);
}

TEST_F(Gwctl, WaitsForALifecycleVerb) {
  const Outcome run = gwctl({"channel", "stop", "telnet:default"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(run.out, "telnet:default is stopped.\n");
  EXPECT_EQ(gwctl({"channel", "start", "telnet:default"}).out, "telnet:default is running.\n");
  EXPECT_EQ(gwctl({"channel", "start", "telnet:default", "--no-wait"}).out, "telnet:default: operation op-3\n");
}

TEST_F(Gwctl, SaysWhyALifecycleVerbFailed) {
  port_.operationState = "failed";
  port_.operationError = "port 4000 is in use by sshd (812)";
  const Outcome run = gwctl({"channel", "start", "telnet:default"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_EQ(run.err,
            "gwctl: telnet:default: port 4000 is in use by sshd (812)\n  next: gwctl channel show telnet:default\n");
}

TEST_F(Gwctl, ExitsTwelveWhenAVerbTakesTooLong) {
  port_.operationState = "running";
  EXPECT_EQ(gwctl({"channel", "start", "telnet:default", "--timeout", "50ms"}).exit, 12);
}

TEST_F(Gwctl, TellsOfTheStore) {
  port_.storeNow.driver = "sqlite";
  port_.storeNow.place = "/var/lib/gatehouse/gateway.db";
  port_.storeNow.schemaVersion = 1;
  port_.storeNow.bytes = 3 << 20;
  port_.storeNow.queued = 7;
  port_.storeNow.lastError = "disk full";
  const std::string out = gwctl({"store", "status"}).out;
  for (const char* part : {"/var/lib/gatehouse/gateway.db", "3.0 MiB", "Writes waiting:    7", "disk full"}) {
    EXPECT_THAT(out, HasSubstr(part));
  }
  EXPECT_EQ(gwctl({"store", "migrate"}).out,
            "/var/lib/gatehouse/gateway.db: the schema is version 1, the latest that this gateway knows.\n");
  EXPECT_EQ(gwctl({"store", "check"}).out, "The store is sound.\n");
  EXPECT_EQ(gwctl({"store", "backup", "copy.db"}).exit, 0);
  EXPECT_TRUE(port_.wasTold("store.backup " + folder_ + "/copy.db"));
  port_.storeNow.factsError = "the store did not answer within 2 s";
  EXPECT_THAT(gwctl({"store", "status"}).out, HasSubstr("did not answer"));
  EXPECT_EQ(gwctl({"store", "migrate"}).exit, 1);
}

TEST_F(Gwctl, SaysWhatIsWrongWithTheStore) {
  port_.operationState = "failed";
  port_.operationError = "the store is not sound: 1 empty runs of events";
  const Outcome run = gwctl({"store", "check"});
  EXPECT_EQ(run.exit, 1);
  EXPECT_THAT(run.err, HasSubstr("the store is not sound"));
}

TEST_F(Gwctl, ListsAndShowsEveryNoun) {
  port_.banList.push_back({"ban-1", "address", "192.0.2.0/24", "spam", FakeGatewayPort::kNow, 0});
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"channel", "list"}, "telnet:default"},
      {{"channel", "show", "telnet:default"}, "Last stop:      -"},
      {{"plugin", "list"}, "loaded"},
      {{"plugin", "show", "telnet"}, "plugins/telnet.so"},
      {{"session", "list"}, "sess-1"},
      {{"session", "show", "sess-1"}, "127.0.0.1:5555"},
      {{"connection", "list"}, "c-1"},
      {{"connection", "show", "c-1"}, "telnet:default"},
      {{"user", "list"}, "Ann"},
      {{"ban", "list"}, "192.0.2.0/24"},
      {{"token", "list"}, "No API tokens."},
      {{"config", "get"}, "\"loops\": 1"}};
  for (const auto& [line, expected] : cases) {
    const Outcome run = gwctl(line);
    EXPECT_EQ(run.exit, 0) << line[0] << ": " << run.err;
    EXPECT_THAT(run.out, HasSubstr(expected)) << line[0];
    std::vector<std::string> asJson = line;
    asJson.emplace_back("--json");
    EXPECT_FALSE(nlohmann::json::parse(gwctl(asJson).out, nullptr, false).is_discarded()) << line[0];
  }
}

TEST_F(Gwctl, SaysWhatCameOfBlockingWork) {
  EXPECT_THAT(gwctl({"channel", "show", "telnet:default"}).out, ContainsRegex("Blocking work: +-\n"));
  port_.channelList[0].work.answered = 40;
  port_.channelList[0].work.pending = 2;
  port_.channelList[0].work.stuck = 1;
  EXPECT_THAT(gwctl({"channel", "show", "telnet:default"}).out, HasSubstr("2 pending, 1 stuck, 40 answered\n"));
  port_.generationList = {{"telnet", 2, "0.2.0", "abc", "/p/telnet.so", "leaving", FakeGatewayPort::kNow, 0, 12, {}}};
  EXPECT_THAT(gwctl({"plugin", "generations"}).out, ContainsRegex("leaving +0 +12 "));
}

TEST_F(Gwctl, SaysHowAReloadEnded) {
  port_.reloadNow.id = port_.reloadLater.id = 1;
  port_.reloadNow.plugin = port_.reloadLater.plugin = "telnet";
  port_.reloadNow.step = "probing";
  admin::PluginReload& end = port_.reloadLater;
  end.step = "done";
  end.fromGeneration = 1;
  end.toGeneration = 2;
  end.fromVersion = "0.1.0";
  end.toVersion = "0.2.0";
  end.connections = 10;
  end.moved = 8;
  const auto ending = [&](const char* outcome) {
    end.outcome = outcome;
    return gwctl({"plugin", "reload", "telnet"});
  };
  const Outcome done = ending("committed");
  EXPECT_EQ(done.exit, 0);
  EXPECT_THAT(done.out, HasSubstr("telnet: generation 2 (version 0.2.0) in place of 1 (version 0.1.0), 8 of 10"));
  EXPECT_THAT(done.err, HasSubstr("probing ..."));
  end.stayed = 2;
  end.reasons = {{"it is \x1b[31mbusy", 2}};
  const Outcome partial = ending("partial");
  EXPECT_EQ(partial.exit, 10);
  EXPECT_THAT(partial.err, HasSubstr("2 connections stayed"));
  EXPECT_THAT(partial.err, Not(HasSubstr("\x1b[31m")));
  end.why = "the probe crashed";
  EXPECT_EQ(ending("refused").exit, 8);
  EXPECT_THAT(ending("refused").err, HasSubstr("the probe crashed"));
  EXPECT_EQ(ending("rolledBack").exit, 9);
  EXPECT_EQ(ending("checked").exit, 0);
  end.outcome = "refused";
  const Outcome asJson = gwctl({"plugin", "reload", "telnet", "--json"});
  EXPECT_EQ(asJson.exit, 8);
  EXPECT_EQ(nlohmann::json::parse(asJson.out).at("why"), "the probe crashed");
  EXPECT_EQ(gwctl({"plugin", "rollback", "telnet", "--no-wait", "--probe-for", "2s"}).exit, 0);
  EXPECT_TRUE(port_.wasTold("reload telnet||1|0|30000|0|0|2000"));
  EXPECT_EQ(gwctl({"plugin", "reload", "telnet", "--canary-for", "soon"}).exit, 2);
}

TEST_F(Gwctl, SaysWhatBecameOfCode) {
  port_.reloadNow.id = port_.reloadLater.id = 1;
  admin::PluginReload& end = port_.reloadLater;
  end.step = "done";
  end.plugin = "telnet";
  end.fromGeneration = 3;
  end.fromVersion = "0.1.0";
  end.toVersion = "0.2.0";
  end.connections = 5;
  end.gone = 4;
  end.cutOff = 1;
  end.former = "unloaded";
  const auto ending = [&](const char* outcome, const std::vector<std::string>& words) {
    end.outcome = outcome;
    return gwctl(words);
  };
  const Outcome drained = ending("committed", {"plugin", "drain", "telnet@3", "--grace", "5s"});
  EXPECT_EQ(drained.exit, 0) << drained.err;
  EXPECT_THAT(drained.out,
              HasSubstr("telnet: generation 3 (version 0.1.0) is unloaded: its library is no longer mapped; "
                        "4 of 5 connections left by themselves, 1 were cut off."));
  EXPECT_TRUE(port_.wasTold("drain telnet|3|5000"));
  end.former = "leaked";
  EXPECT_THAT(ending("committed", {"plugin", "unload", "telnet"}).out, HasSubstr("still in memory (leaked)"));
  EXPECT_TRUE(port_.wasTold("unload telnet|10000"));
  end.former = "serving";
  end.why = "something still holds it";
  const Outcome held = ending("partial", {"plugin", "unload", "telnet", "--timeout", "2s"});
  EXPECT_EQ(held.exit, 10);
  EXPECT_THAT(held.out, HasSubstr("something still holds it"));
  const Outcome known = ending("committed", {"plugin", "load", "/p/telnet.so"});
  EXPECT_THAT(known.out, HasSubstr("telnet: version 0.2.0 is known; no account waits for it."));
  EXPECT_TRUE(port_.wasTold("load /p/telnet.so"));
  end.toGeneration = 4;
  end.started = {"telnet:default"};
  end.reasons = {{"telnet:tls: no certificate", 1}};
  const Outcome part = ending("partial", {"plugin", "load", "/p/telnet.so"});
  EXPECT_EQ(part.exit, 10);
  EXPECT_THAT(part.out, HasSubstr("generation 4; started: telnet:default; not started: 1: telnet:tls: no certificate"));
  end.why = "it has no cable";
  const Outcome refused = ending("refused", {"plugin", "load", "/p/telnet.so"});
  EXPECT_EQ(refused.exit, 8);
  EXPECT_THAT(refused.err, HasSubstr("refused: it has no cable"));
  EXPECT_EQ(ending("refused", {"plugin", "load", "/p/telnet.so", "--json"}).exit, 8);
  EXPECT_EQ(gwctl({"plugin", "unload", "telnet", "--no-wait"}).exit, 0);
  for (const char* wrong : {"telnet", "telnet@", "@3", "telnet@three", "telnet@3x"})
    EXPECT_EQ(gwctl({"plugin", "drain", wrong}).exit, 2) << wrong;
}

TEST_F(Gwctl, ShowsAPluginWhole) {
  const std::string shown = gwctl({"plugin", "show", "telnet"}).out;
  EXPECT_THAT(shown, HasSubstr("Gatehouse"));
  EXPECT_THAT(shown, HasSubstr("gw.stream/1, gw.migrate/1"));
  EXPECT_THAT(shown, HasSubstr("telnet version 3, reads from 2, writes from 1"));
  EXPECT_THAT(shown, HasSubstr("1 (version 0.1.0) serving: telnet:default (2 connections, new clients)"));
  EXPECT_THAT(shown, HasSubstr("in quarantine: telnet:default; libraries that stayed in memory: 2"));
  EXPECT_THAT(shown,
              HasSubstr("5 committed, 1 partial, 2 refused, 1 rolled back; connections: 40 moved, 3 stayed, 4 failed"));
  EXPECT_THAT(gwctl({"plugin", "list"}).out, HasSubstr("in quarantine: telnet:default"));
}

TEST_F(Gwctl, InspectsALibrary) {
  const Outcome run = gwctl({"plugin", "inspect", "/p/telnet.so"});
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("1.2.3"));
  EXPECT_TRUE(port_.wasTold("inspect /p/telnet.so"));
}

TEST_F(Gwctl, NeverPrintsAClientsEscapes) {
  for (const auto& line : std::vector<std::vector<std::string>>{
           {"session", "list"}, {"session", "show", "sess-1"}, {"session", "list", "--json"}}) {
    const Outcome run = gwctl(line);
    EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(run.out, HasSubstr("Ann"));
  }
  EXPECT_THAT(gwctl({"session", "list"}).out, HasSubstr(R"("Ann\x1b[31m")"));
}

TEST_F(Gwctl, PassesFiltersOn) {
  EXPECT_EQ(
      gwctl({"session", "list", "--state", "playing", "--user", "Ann B", "--channel", "sse", "--limit", "7"}).exit, 0);
  EXPECT_TRUE(port_.wasTold("sessions playing|Ann B|sse|7"));
  EXPECT_EQ(gwctl({"connection", "list", "--account", "telnet:default", "--session", "s/1"}).exit, 0);
  EXPECT_TRUE(port_.wasTold("connections telnet:default|s/1|1000"));
  EXPECT_EQ(gwctl({"session", "list", "--state", "gone"}).exit, 2);
}

TEST_F(Gwctl, SaysWhatAListLacks) {
  port_.sessionList.partial = {1};
  port_.sessionList.truncated = true;
  const Outcome run = gwctl({"session", "list"});
  EXPECT_EQ(run.exit, 0);
  EXPECT_THAT(run.err, HasSubstr("there are more"));
  EXPECT_THAT(run.err, HasSubstr("did not answer in time: [1]"));
}

TEST_F(Gwctl, ActsOnSessionsAndConnections) {
  EXPECT_EQ(gwctl({"session", "send", "sess-1", "hello", "there"}).out, "Sent.\n");
  EXPECT_EQ(gwctl({"session", "disconnect", "sess-1", "--reason", "later"}).exit, 0);
  EXPECT_EQ(gwctl({"session", "close", "sess-1"}).exit, 0);
  EXPECT_EQ(gwctl({"connection", "close", "c-1", "--reason", "bye"}).exit, 0);
  EXPECT_THAT(port_.notes(), testing::ElementsAre("send sess-1 hello there", "disconnect sess-1 later", "close sess-1 ",
                                                  "closeConnection c-1 bye"));
}

TEST_F(Gwctl, ActsOnUsersAndBans) {
  EXPECT_EQ(gwctl({"user", "lock", "Ann", "--reason", "rude"}).out,
            "Ann is locked out; end it: gwctl user unlock Ann\n");
  EXPECT_TRUE(port_.wasTold("lock Ann rude"));
  EXPECT_EQ(gwctl({"user", "unlock", "Ann"}).out, "Ann may log in.\n");
  EXPECT_THAT(gwctl({"user", "mute", "Ann", "--for", "10m"}).out, HasSubstr("Ann is muted until 20"));
  EXPECT_EQ(gwctl({"user", "mute", "Ann"}).out, "Ann is muted for good; end it: gwctl user unmute Ann\n");
  EXPECT_EQ(gwctl({"user", "unmute", "Ann"}).out, "Ann may talk.\n");
  EXPECT_EQ(gwctl({"user", "mute", "Bob"}).exit, 5);
  const Outcome added = gwctl({"ban", "add", "address", "192.0.2.0/24", "--for", "1h", "--reason", "spam"});
  EXPECT_EQ(added.exit, 0) << added.err;
  EXPECT_THAT(added.out, HasSubstr("gwctl ban remove ban-1"));
  EXPECT_TRUE(port_.wasTold("ban address 192.0.2.0/24 spam expires"));
  EXPECT_THAT(gwctl({"ban", "add", "user", "Bob"}).out, HasSubstr("for good"));
  EXPECT_EQ(gwctl({"ban", "add", "planet", "Mars"}).exit, 2);
  EXPECT_EQ(gwctl({"ban", "remove", "ban-1"}).exit, 0);
}

TEST_F(Gwctl, Broadcasts) {
  EXPECT_EQ(gwctl({"broadcast", "--room", "lobby", "good", "evening"}).exit, 0);
  EXPECT_TRUE(port_.wasTold("broadcast good evening|lobby"));
}

TEST_F(Gwctl, PrintsATokenAloneOnItsOutput) {
  const Outcome created = gwctl({"token", "create", "ops", "--role", "view"});
  EXPECT_EQ(created.exit, 0) << created.err;
  EXPECT_THAT(created.out, testing::MatchesRegex("gwt_[A-Za-z0-9_-]{43}\n"));
  EXPECT_THAT(created.err, HasSubstr("shown once"));
  EXPECT_THAT(gwctl({"token", "list"}).out, HasSubstr("ops"));
  EXPECT_EQ(gwctl({"token", "revoke", "ops"}).exit, 0);
  EXPECT_EQ(gwctl({"token", "create", "ops"}).exit, 2);
}

TEST_F(Gwctl, ValidatesAFileAndReloads) {
  const std::string file = write("x.json", "{}");
  EXPECT_EQ(gwctl({"config", "validate", file}).out, file + " is valid.\n");
  EXPECT_TRUE(port_.wasTold("validate " + file + " {}"));
  EXPECT_EQ(gwctl({"config", "reload"}).out, "Applied: /limits/commandBurst\nWaits for a restart: /loops\n");
  EXPECT_EQ(gwctl({"config", "reload", "--json"}).exit, 0);
  EXPECT_EQ(gwctl({"config", "validate", folder_ + "/absent"}).exit, 2);
}

struct ExitCase {
  ErrorCode code;
  int exit;
};
class GwctlExit : public GwctlFixture, public testing::WithParamInterface<ExitCase> {};

TEST_P(GwctlExit, SaysWhatKindOfFailureItWas) {
  port_.failWith(fail(GetParam().code, "it did not work"));
  const Outcome run = gwctl({"session", "send", "sess-1", "x"});
  EXPECT_EQ(run.exit, GetParam().exit);
  EXPECT_THAT(run.err, StartsWith("gwctl: it did not work\n"));
  EXPECT_EQ(run.out, "");
  const Outcome json = gwctl({"session", "send", "sess-1", "x", "--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out)["error"]["message"], "it did not work");
}

const ExitCase kExits[] = {{ErrorCode::kInternal, 1},   {ErrorCode::kInvalid, 2},  {ErrorCode::kForbidden, 4},
                           {ErrorCode::kNotFound, 5},   {ErrorCode::kConflict, 6}, {ErrorCode::kTimeout, 12},
                           {ErrorCode::kUnavailable, 1}};
INSTANTIATE_TEST_SUITE_P(All, GwctlExit, testing::ValuesIn(kExits));

TEST_F(Gwctl, ExitsSevenForAnInvalidConfiguration) {
  port_.failWith(fail(ErrorCode::kInvalid, "x.json: /loops: expected 0..256, got 999"));
  for (const auto& line :
       std::vector<std::vector<std::string>>{{"config", "reload"}, {"config", "validate", write("x.json", "{}")}}) {
    const Outcome run = gwctl(line);
    EXPECT_EQ(run.exit, 7);
    EXPECT_EQ(run.err, "gwctl: x.json: /loops: expected 0..256, got 999\n  next: nothing was changed\n");
  }
}

TEST_F(Gwctl, ExitsTwoForUsage) {
  for (const auto& line : std::vector<std::vector<std::string>>{{},
                                                                {"frobnicate"},
                                                                {"session"},
                                                                {"session", "show"},
                                                                {"status", "--frob"},
                                                                {"-o", "xml", "status"},
                                                                {"--timeout", "soon", "status"}}) {
    const Outcome run = gwctl(line);
    EXPECT_EQ(run.exit, 2) << run.err;
    EXPECT_NE(run.err, "");
  }
  EXPECT_EQ(gwctl({"--help"}).exit, 0);
  EXPECT_THAT(gwctl({"session", "list", "--help"}).out, HasSubstr("--state"));
}

TEST_F(Gwctl, ExitsThreeWhenNobodyAnswers) {
  server_->stop();
  const Outcome run = gwctl({"status"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_EQ(run.err, "gwctl: no gateway answers on " + options_.socketPath +
                         "\n  next: start gwhost, or look whether --socket is right\n");
  EXPECT_THAT(bare({"status"}).err, HasSubstr("no gateway found"));
  EXPECT_EQ(bare({"status"}).exit, 3);
}

TEST_F(Gwctl, ExitsTwelveWhenTheGatewayDoesNotAnswer) {
  const std::string path = folder_ + "/deaf.sock";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(fd, 4), 0);
  EXPECT_EQ(bare({"--socket", path, "--timeout", "100ms", "status"}).exit, 12);
  ::close(fd);
}

TEST_F(Gwctl, FindsTheSocketByEnvironmentAndAtTheUsualPlaces) {
  EXPECT_EQ(bare({"version"}, {"GWCTL_SOCKET=" + options_.socketPath}).exit, 0);
  ASSERT_EQ(mkdir((folder_ + "/state").c_str(), 0700), 0);
  ASSERT_EQ(symlink(options_.socketPath.c_str(), (folder_ + "/state/admin.sock").c_str()), 0);
  EXPECT_EQ(bare({"version"}).exit, 0);
}

class GwctlTcp : public GwctlFixture {
 protected:
  void SetUp() override {
    AdminFixture::SetUp();
    startWithTcp();
    where_ = "127.0.0.1:" + std::to_string(server_->tcpPort());
    file_ = write("token", gwctl({"token", "create", "ops", "--role", "operate"}).out);
  }
  std::string where_;
  std::string file_;
};

TEST_F(GwctlTcp, UsesATokenFile) {
  EXPECT_EQ(bare({"--tcp", where_, "--token-file", file_, "version"}).exit, 0);
  EXPECT_EQ(bare({"--tcp", where_, "version"}, {"GWCTL_TOKEN_FILE=" + file_}).exit, 0);
}

TEST_F(GwctlTcp, ExitsFourWithoutTheRight) {
  const Outcome role = bare({"--tcp", where_, "--token-file", file_, "token", "list"});
  EXPECT_EQ(role.exit, 4);
  EXPECT_THAT(role.err, HasSubstr("this needs the role admin; yours is operate"));
  EXPECT_EQ(bare({"--tcp", where_, "version"}).exit, 4);
  const Outcome wrong = bare({"--tcp", where_, "--token-file", write("wrong", "gwt_wrong"), "version"});
  EXPECT_EQ(wrong.exit, 4);
  EXPECT_THAT(wrong.err, HasSubstr("gwctl token create"));
}

TEST_F(GwctlTcp, RefusesATokenFileThatOthersCanRead) {
  ASSERT_EQ(chmod(file_.c_str(), 0644), 0);
  const Outcome run = bare({"--tcp", where_, "--token-file", file_, "version"});
  EXPECT_EQ(run.exit, 4);
  EXPECT_EQ(run.err, "gwctl: others can read the token file " + file_ + "\n  next: chmod 0600 " + file_ + "\n");
}

TEST_F(GwctlTcp, RefusesWhatIsNoEndpoint) {
  EXPECT_EQ(bare({"--tcp", "nonsense", "--token-file", file_, "version"}).exit, 2);
  EXPECT_EQ(bare({"--tcp", "192.0.2.1:1", "--token-file", file_, "version"}).exit, 2);
  EXPECT_EQ(bare({"--tcp", where_, "--token-file", write("empty", "\n"), "version"}).exit, 2);
  EXPECT_EQ(bare({"--tcp", where_, "--token-file", folder_ + "/absent", "version"}).exit, 2);
  server_->stop();
  EXPECT_EQ(bare({"--tcp", where_, "--token-file", file_, "version"}).exit, 3);
}

}  // namespace
}  // namespace gw::cli
