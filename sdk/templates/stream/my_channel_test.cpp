// Drives the built plugin the way the host does. argv[1]: the plugin's file.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "testing/fake_host.h"

namespace {

using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using gw::testing::FakeMigration;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what.c_str());
  std::exit(1);
}

void takesLines(const gw_plugin& plugin) {
  FakeHost host(plugin);
  check(host.ok(), host.error());
  const auto conn = host.open();
  check(conn != nullptr && conn->hellos().size() == 1, "a connection says hello");
  conn->receive("look\nsay hi\nunfinished");
  check(conn->lines().empty(), "lines wait while the hello is pending");
  conn->answerHello();
  check(conn->lines() == std::vector<std::string>{"look", "say hi"}, "complete lines are submitted");
  check(conn->unread() == "unfinished", "the rest stays with the host");
  conn->submitResult = GW_E_AGAIN;
  conn->receive(" line\n");
  check(conn->lines().size() == 2, "what cannot be submitted now waits");
  conn->submitResult = GW_OK;
  conn->retry();
  check(conn->lines().back() == "unfinished line", "and is not lost");
}

void boundsWhatIsSent(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const auto conn = host.open();
  conn->answerHello();
  conn->receive(std::string(4096, 'x'));
  check(!conn->closedBy().has_value(), "a long line may go on");
  conn->receive("x");
  check(conn->closedBy().has_value() && conn->lines().empty(), "a line without an end ends the connection");
}

void keepsOutputBesideThePrompt(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const auto conn = host.open();
  conn->answerHello();
  conn->deliver(FakeEvent::prompt("> "));
  conn->deliver(FakeEvent::line("It rains."));
  check(conn->takeSent() == "> \nIt rains.\n", "output breaks the prompt with a newline");
  conn->closeBegin(GW_CLOSE_SHUTDOWN, "See you.");
  check(conn->takeSent() == "See you.\n" && conn->closedBy().has_value(), "goodbye is said");
}

constexpr std::string_view kInput = "look\nsay hi\n\nunfinished";

/// All that a small conversation sends, moved to another generation before the byte at `moveAt`.
std::string converse(const gw_plugin& plugin, size_t moveAt) {
  FakeHost host(plugin);
  const auto conn = host.open();
  conn->answerHello();
  for (size_t i = 0; i <= kInput.size(); ++i) {
    if (i == moveAt) {
      const FakeMigration moved = host.migrate(*conn, host.load(plugin));
      check(moved.outcome == FakeMigration::Outcome::kMoved, "at " + std::to_string(i) + ": " + moved.reason);
    }
    if (i == kInput.size()) break;
    conn->receive(kInput.substr(i, 1));
    if (i % 3 == 0) conn->deliver(FakeEvent::prompt("> "));
    if (i % 5 == 0) conn->deliver(FakeEvent::line("It rains."));
  }
  check(conn->lines() == std::vector<std::string>{"look", "say hi", ""}, "lines are whole, and each comes once");
  conn->closeBegin(GW_CLOSE_SHUTDOWN, "See you.");
  return conn->takeSent();
}

void movesAnywhere(const gw_plugin& plugin) {
  const std::string unmoved = converse(plugin, std::string::npos);
  for (size_t at = 0; at <= kInput.size(); ++at)
    check(converse(plugin, at) == unmoved, "a move before byte " + std::to_string(at) + " is seen by the client");
}

void trustsNoState(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const auto conn = host.open();
  conn->deliver(FakeEvent::prompt("> "));
  const FakeMigration moved = host.rehearse(*conn, host.load(plugin));
  check(moved.outcome == FakeMigration::Outcome::kMoved, moved.reason);
  check(host.adopt(moved.version, moved.state) != nullptr, "a state that was saved is taken");
  for (size_t cut = 0; cut < moved.state.size(); ++cut)
    check(host.adopt(moved.version, moved.state.substr(0, cut)) == nullptr, "one that is cut off is refused");
  check(host.adopt(moved.version + 1, moved.state) == nullptr, "and so is one of a version to come");
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 2, "usage: my_channel_test PLUGIN");
  const gw::testing::PluginFile file(argv[1]);
  check(file.plugin() != nullptr, file.error());
  takesLines(*file.plugin());
  boundsWhatIsSent(*file.plugin());
  keepsOutputBesideThePrompt(*file.plugin());
  movesAnywhere(*file.plugin());
  trustsNoState(*file.plugin());
  std::puts("ok");
}
