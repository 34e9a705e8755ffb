// Drives the built plugin the way the host does. argv[1]: the plugin's file.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "testing/fake_host.h"

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 2, "usage: my_channel_test PLUGIN");
  const gw::testing::PluginFile file(argv[1]);
  check(file.plugin() != nullptr, file.error().c_str());
  gw::testing::FakeHost host(*file.plugin());
  check(host.ok(), host.error().c_str());

  const auto conn = host.open();
  check(conn != nullptr && conn->hellos().size() == 1, "a connection says hello");
  conn->receive("look\nsay hi\nunfinished");
  check(conn->lines().empty(), "lines wait while the hello is pending");
  conn->answerHello();
  check(conn->lines() == std::vector<std::string>{"look", "say hi"}, "complete lines are submitted");
  check(conn->unread() == "unfinished", "the rest stays with the host");

  conn->deliver(gw::testing::FakeEvent::prompt("> "));
  conn->deliver(gw::testing::FakeEvent::line("It rains."));
  check(conn->takeSent() == "> \nIt rains.\n", "output breaks the prompt with a newline");

  conn->deliver(gw::testing::FakeEvent::prompt("> "));
  check(conn->takeSent() == "> ", "a prompt stays on its line");
  const auto moved = host.migrate(*conn, host.load(*file.plugin()));
  check(moved.outcome == gw::testing::FakeMigration::Outcome::kMoved, moved.reason.c_str());
  check(conn->takeSent().empty() && conn->unread() == "unfinished", "a move is not seen");
  conn->deliver(gw::testing::FakeEvent::line("It stops."));
  check(conn->takeSent() == "\nIt stops.\n", "the other generation knows of the prompt");
  conn->receive(" line\n");
  check(conn->lines().back() == "unfinished line", "what was unread is not lost");

  conn->closeBegin(GW_CLOSE_SHUTDOWN, "See you.");
  check(conn->takeSent() == "See you.\n" && conn->closedBy().has_value(), "goodbye is said");
  std::puts("ok");
}
