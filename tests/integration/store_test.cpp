// The store as operators run it: gwctl store on SQLite, and a gateway on PostgreSQL.

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "integration/gateway_fixture.h"
#include "support/postgres_server.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Store : public GatewayTest {
 protected:
  void launchOnPostgres(const Json& more = Json::object()) {
    server_ = std::make_unique<PostgresServer>();
    Json store = Json::parse(onPostgres(*server_, server_->newDatabase()));
    store["store"].merge_patch(more);
    launch(store.dump());
  }
  PostgresServer& server() { return *server_; }

 private:
  static std::string onPostgres(PostgresServer& server, const std::string& database) {
    return Json{{"store",
                 {{"driver", "postgres"},
                  {"postgres",
                   {{"host", server.host()},
                    {"port", server.port()},
                    {"user", server.user()},
                    {"database", database},
                    {"passwordFile", server.passwordFile()}}}}}}
        .dump();
  }
  std::unique_ptr<PostgresServer> server_;  // outlives the gateway, which TearDown() stops
};

}  // namespace

TEST_F(Store, StatusCheckAndBackupOfARunningGateway) {
  launch();
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Olga", "sesame-open-7");
  waitUntil("the session is stored", [&] { return gateway().gwctlJson({"store", "status"}).at("sessions") == 1; });
  const Json status = gateway().gwctlJson({"store", "status"});
  EXPECT_EQ(status.at("driver"), "sqlite");
  EXPECT_EQ(status.at("up"), true);
  EXPECT_GE(status.at("schemaVersion").get<int>(), 1);
  EXPECT_GT(status.at("bytes").get<uint64_t>(), 4096u);
  EXPECT_EQ(status.at("lastError"), nullptr);
  EXPECT_EQ(gateway().gwctl({"store", "migrate"}).exit, 0);
  EXPECT_EQ(gateway().gwctl({"store", "check"}).exit, 0);

  const std::string copy = gateway().files().file("copy.db");
  const Outcome made = gateway().gwctl({"store", "backup", "copy.db"});
  EXPECT_EQ(made.exit, 0) << made.err;
  EXPECT_NE(made.out.find(copy), std::string::npos) << made.out;
  struct stat found {};
  ASSERT_EQ(::stat(copy.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  const Outcome again = gateway().gwctl({"store", "backup", "copy.db"});
  EXPECT_EQ(again.exit, 1);
  EXPECT_NE(again.err.find("exists"), std::string::npos) << again.err;

  const Outcome busy = gateway().gwctl({"store", "migrate", "--config", gateway().configFile()});
  EXPECT_EQ(busy.exit, 1) << "a gateway runs";
  ASSERT_EQ(gateway().stop(), 0);
  const Outcome offline = run({GWCTL_PROGRAM, "store", "migrate", "--config", gateway().configFile()}, "/");
  EXPECT_EQ(offline.exit, 0) << offline.err;
  EXPECT_NE(offline.out.find("the schema is version"), std::string::npos) << offline.out;
  const std::string bad = gateway().files().write("bad.json", "{");
  EXPECT_EQ(run({GWCTL_PROGRAM, "store", "migrate", "--config", bad}, "/").exit, 7);
  expectStopped();
}

TEST_F(Store, AGatewayOnPostgresTalksRestartsAndResumes) {
  launchOnPostgres();
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Petra", "sesame-open-7");
  ws.command("say hello");
  ws.expect("You say: hello");
  const std::string token = ws.reconnectToken();
  const Position at = ws.position();
  ws.ws().socket().reset();
  ASSERT_EQ(gateway().stop(), 0);

  gateway().start();
  V1Client back(gateway().httpPort());
  EXPECT_EQ(back.resume(token, "a1", at).at("session").at("resumed"), true);
  back.command("say again");
  back.expect("You say: again");
  const Json status = gateway().gwctlJson({"store", "status"});
  EXPECT_EQ(status.at("driver"), "postgres");
  EXPECT_EQ(status.at("schemaVersion").is_number(), true) << status;
  EXPECT_EQ(gateway().gwctl({"store", "check"}).exit, 0);
  const Outcome backup = gateway().gwctl({"store", "backup", "copy.dump"});
  EXPECT_EQ(backup.exit, 2);
  EXPECT_NE(backup.err.find("pg_dump --host="), std::string::npos) << backup.err;
}

TEST_F(Store, PlayGoesOnWhileThePostgresServerIsAway) {
  launchOnPostgres();
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  server().stopImmediately();
  ws.command("say anyone there");
  ws.expect("You say: anyone there");
  gateway().gwctl({"ban", "add", "user", "Nobody"});  // a write that waits
  waitUntil("the outage is told", [&] { return gateway().gwctlJson({"store", "status"}).at("up") == false; });
  server().start();
  waitUntil("the store is up again", [&] { return gateway().gwctlJson({"store", "status"}).at("up") == true; });
  EXPECT_EQ(gateway().gwctlJson({"ban", "list"}).at("items").size(), 1u);
}

// Strict: what cannot be committed is neither answered nor shown, whoever waits is told why, and nothing is
// lost or repeated once the store is back.
TEST_F(Store, StrictWaitsForThePostgresServer) {
  launchOnPostgres({{"durability", "strict"}});
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Petra", "sesame-open-7", {{"device", {{"id", "d1"}}}});
  ws.command("say before");
  ws.expect("You say: before");
  server().stopImmediately();
  for (int i = 1; i <= 5; ++i) ws.send("command", {{"text", "say line " + std::to_string(i)}, {"clientSeq", i}});
  ws.expect("The game cannot save right now.");
  EXPECT_TRUE(ws.events().empty()) << ws.events().front().dump();
  waitUntil("health says so", [&] {
    const Json health = gateway().gwctlJson({"health"});
    return health.at("status") == "degraded" &&
           health.dump().find("everything waits for the store") != std::string::npos;
  });
  server().start();
  for (int i = 1; i <= 5; ++i) {
    const Json event = ws.expect("You say: ");
    EXPECT_EQ(event.at("payload").at("text"), "You say: line " + std::to_string(i));
  }
  EXPECT_EQ(ws.request("command", {{"text", "say line 5"}, {"clientSeq", 5}}).at("duplicate"), true);
  ws.expect("The game saves again.");
  EXPECT_EQ(ws.duplicates(), 0u);
  waitUntil("health is good again", [&] { return gateway().gwctlJson({"health"}).at("status") == "healthy"; });
}

// The same on SQLite, where another program holds the file.
TEST_F(Store, StrictWaitsForALockedFile) {
  launch(R"({"store": {"durability": "strict"}})");
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Olga", "sesame-open-7");
  ws.expect("You are in lobby.");
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(gateway().files().file("state/gateway.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  ws.send("command", {{"text", "say hello"}});
  ws.expect("The game cannot save right now.");
  EXPECT_TRUE(ws.events().empty()) << ws.events().front().dump();
  ASSERT_EQ(sqlite3_close(other), SQLITE_OK);
  ws.expect("You say: hello");
}

// The same where the disk is full. What was taken is in the file once there is room, and the file is sound.
TEST_F(Store, StrictWaitsWhileTheDiskIsFull) {
  const TempFolder outside;
  const std::string full = outside.file("full");
  ::setenv("GW_FULL_DISK", full.c_str(), 1);
  ::setenv("LD_PRELOAD", GW_FULL_DISK_LIBRARY, 1);
  launch(R"({"store": {"durability": "strict"}})");
  ::unsetenv("LD_PRELOAD");
  ::unsetenv("GW_FULL_DISK");
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Olga", "sesame-open-7", {{"device", {{"id", "d1"}}}});
  ws.expect("You are in lobby.");
  static_cast<void>(outside.write("full", ""));
  for (int i = 1; i <= 5; ++i) ws.send("command", {{"text", "say line " + std::to_string(i)}, {"clientSeq", i}});
  ws.expect("The game cannot save right now.");
  EXPECT_TRUE(ws.events().empty()) << ws.events().front().dump();
  const Json status = gateway().gwctlJson({"store", "status"});
  EXPECT_EQ(status.at("up"), false);
  EXPECT_NE(status.at("lastError").get<std::string>().find("full"), std::string::npos) << status;
  ASSERT_EQ(::unlink(full.c_str()), 0);
  for (int i = 1; i <= 5; ++i)
    EXPECT_EQ(ws.expect("You say: ").at("payload").at("text"), "You say: line " + std::to_string(i));
  const std::string token = ws.reconnectToken();
  const Position at = ws.position();
  gateway().kill();

  gateway().start();
  EXPECT_EQ(gateway().gwctl({"store", "check"}).exit, 0);
  V1Client back(gateway().httpPort());
  EXPECT_EQ(back.resume(token, "a1", at).at("session").at("resumed"), true);
  EXPECT_EQ(back.request("command", {{"text", "say line 5"}, {"clientSeq", 5}}).at("duplicate"), true);
}

// Strict with onOutage relax: play goes on in an epoch of its own, and is as safe as before once the store
// is back: also what was said meanwhile.
TEST_F(Store, RelaxingGoesOnAndIsMadeUpFor) {
  launchOnPostgres({{"durability", "strict"}, {"onOutage", "relax"}, {"relaxAfter", "1s"}});
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Petra", "sesame-open-7");
  ws.command("say before");
  ws.expect("You say: before");
  const Position before = ws.position();
  const std::string token = ws.reconnectToken();
  server().stopImmediately();
  ws.send("command", {{"text", "say under way"}});
  ws.expect("The game goes on without saving for now.");
  ws.expect("You say: under way");
  ws.command("say meanwhile");
  ws.expect("You say: meanwhile");
  EXPECT_EQ(ws.position().epoch, before.epoch + 1);
  waitUntil("health says so", [&] {
    return gateway().gwctlJson({"health"}).dump().find("strict durability is given up") != std::string::npos;
  });
  server().start();
  gateway().waitForLog("strict durability again");
  ws.command("say after");
  ws.expect("You say: after");
  gateway().kill();

  gateway().start();
  V1Client back(gateway().httpPort());
  const Json hello = back.resume(token, "a1", before);
  EXPECT_EQ(hello.at("session").at("epoch").get<uint64_t>(), before.epoch + 3);
  for (const char* line : {"under way", "meanwhile", "after"}) {
    const auto event = back.next();
    ASSERT_TRUE(event) << line;
    EXPECT_EQ(event->at("payload").value("text", ""), std::string("You say: ") + line) << *event;
  }
}

TEST_F(Store, ACrashWhileRelaxedIsAnnounced) {
  launchOnPostgres({{"durability", "strict"}, {"onOutage", "relax"}, {"relaxAfter", "1s"}});
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Petra", "sesame-open-7");
  ws.expect("You are in lobby.");
  const Position before = ws.position();
  const std::string token = ws.reconnectToken();
  server().stopImmediately();
  ws.send("command", {{"text", "say under way"}});
  ws.expect("The game goes on without saving for now.");
  ws.command("say lost");
  ws.expect("You say: lost");
  const Position seen = ws.position();
  gateway().kill();
  server().start();
  gateway().start();
  V1Client back(gateway().httpPort());
  const Json hello = back.resume(token, "a1", seen);
  EXPECT_EQ(hello.at("session").at("epoch").get<uint64_t>(), before.epoch + 2) << "never an epoch that was used";
  EXPECT_EQ(back.expectEvent("gap").at("payload").at("reason"), "hostCrash");
}

}  // namespace gw::test
