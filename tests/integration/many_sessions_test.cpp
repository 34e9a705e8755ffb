// Ten thousand sessions with full logs: all lose their connections at once, the gateway stops, starts and
// gets them back. GW_MANY_SESSIONS: how many; GW_MANY_LINES: lines in each log. Prints what it measures.

#include <chrono>
#include <cstdlib>

#include "integration/gateway_fixture.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

size_t numberFrom(const char* variable, size_t usual) {
  const char* set = std::getenv(variable);
  return set ? std::strtoul(set, nullptr, 10) : usual;
}

class Stopwatch {
 public:
  /// Since the last lap, printed.
  double lap(const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - std::exchange(last_, now)).count();
    std::cerr << what << ": " << seconds << " s" << std::endl;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

class ManySessions : public GatewayTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ManySessions, StopCleanlyAndComeBack) {
  const size_t count = numberFrom("GW_MANY_SESSIONS", GW_MANY_SESSIONS_USUAL);
  const size_t lines = numberFrom("GW_MANY_LINES", GW_MANY_LINES_USUAL);
  launch(
      Json{{"store", {{"durability", GetParam()}}},
           {"limits", {{"memory", "4GiB"}, {"sessionInMemory", "10m"}, {"sessions", 50'000}, {"connections", 19'000}}}}
          .dump());
  Stopwatch watch;
  V1Client speaker(gateway().httpPort());
  speaker.enterAsGuest();
  struct Left {
    std::string id, token;
    Position at;
  };
  std::vector<Left> left;
  {
    std::vector<std::unique_ptr<V1Client>> clients;
    for (size_t i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<V1Client>(gateway().httpPort()));
      clients.back()->enterAsGuest();
      left.push_back({clients.back()->session().at("id"), clients.back()->reconnectToken(), {}});
      if (i % 500 != 499) continue;
      for (auto& client : clients) client->poll();  // pings want answers
      speaker.poll();
    }
    for (size_t i = 0; i < count; ++i) {
      clients[i]->expect("You are in lobby.");
      left[i].at = clients[i]->position();
    }
    watch.lap(std::to_string(count) + " entered");
    for (auto& client : clients) client->ws().socket().reset();
  }
  // All at once, and the loop still answers.
  speaker.command("say one");
  speaker.expect("You say: one");
  EXPECT_LT(watch.lap("they all left, and a line was answered"), 5.0);
  for (size_t i = 0; i < lines; ++i) {
    speaker.send("command", {{"text", "say line " + std::to_string(i)}});
    if (i % 50 == 49) speaker.expect("You say: line " + std::to_string(i));
  }
  speaker.command("say last");
  speaker.expect("You say: last");
  watch.lap(std::to_string(lines) + " lines to all of them");
  speaker.ws().socket().close();
  ASSERT_EQ(gateway().stop(), 0) << gateway().log();
  EXPECT_LT(watch.lap("stop"), 70.0);
  EXPECT_EQ(gateway().log().find("did not finish in time"), std::string::npos) << gateway().log();

  gateway().start();
  watch.lap("start, with all sessions loaded");
  for (const Left& one : left) {
    V1Client back(gateway().httpPort());
    const Json hello = back.resume(one.token, "a", {one.at.epoch, one.at.seq + lines});
    ASSERT_EQ(hello.at("session").at("id"), one.id);
    ASSERT_EQ(hello.at("session").at("resumed"), true);
    back.expect("says: last");
    ASSERT_EQ(back.duplicates(), 0u);
  }
  watch.lap("all resumed, one after another");
}

INSTANTIATE_TEST_SUITE_P(Durability, ManySessions, ::testing::Values("relaxed", "strict"),
                         [](const auto& mode) { return std::string(mode.param); });

}  // namespace
}  // namespace gw::test
