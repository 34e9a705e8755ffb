// The store as operators run it: gwctl store on SQLite, and a gateway on PostgreSQL.

#include <sys/stat.h>

#include "integration/gateway_fixture.h"
#include "support/postgres_server.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Store : public GatewayTest {
 protected:
  void launchOnPostgres() {
    server_ = std::make_unique<PostgresServer>();
    launch(onPostgres(*server_, server_->newDatabase()));
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

}  // namespace gw::test
