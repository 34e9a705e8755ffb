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

/// The same conversation, moved to another generation before the byte at `moveAt`.
std::string converse(const gw_plugin& plugin, size_t moveAt) {
  FakeHost host(plugin);
  check(host.ok(), host.error());
  const auto conn = host.open();
  check(conn != nullptr, "a connection opens");
  conn->answerHello();
  const std::string input = "look\r\nsay hi\n\nunfinished";
  std::string sent;
  for (size_t i = 0; i <= input.size(); ++i) {
    if (i == moveAt) {
      const auto moved = host.migrate(*conn, host.load(plugin));
      check(moved.outcome == FakeMigration::Outcome::kMoved, "at " + std::to_string(i) + ": " + moved.reason);
    }
    if (i == input.size()) break;
    conn->receive(input.substr(i, 1));
    if (i % 3 == 0) conn->deliver(FakeEvent::prompt("> "));
    if (i % 5 == 0) conn->deliver(FakeEvent::line("It rains."));
    sent += conn->takeSent();
  }
  check(conn->lines() == std::vector<std::string>{"look", "say hi", ""}, "lines are whole and once");
  conn->closeBegin(GW_CLOSE_SHUTDOWN, "See you.");
  return sent + conn->takeSent();
}

void refusesHostileStates(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const std::string good("\x01\x02\x00he", 5);
  check(host.adopt(1, good) != nullptr, "a good state is taken");
  for (size_t cut = 0; cut < good.size(); ++cut)
    check(host.adopt(1, good.substr(0, cut)) == nullptr, "a state that is cut off is refused");
  for (const std::string& bad :
       {std::string("\x02\x00\x00", 3), std::string("\x00\xff\xff", 3) + std::string(65535, 'x'),
        std::string("\x00\x01\x00\n", 4), good + "x"})
    check(host.adopt(1, bad) == nullptr, "a state that cannot be is refused");
  check(host.adopt(2, good) == nullptr, "another version is refused");
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 2, "usage: line_test PLUGIN");
  const gw::testing::PluginFile file(argv[1]);
  check(file.plugin() != nullptr, file.error());
  const std::string unmoved = converse(*file.plugin(), std::string::npos);
  for (size_t at = 0; at <= 23; ++at)
    check(converse(*file.plugin(), at) == unmoved, "a move before byte " + std::to_string(at) + " is seen");
  refusesHostileStates(*file.plugin());
  std::puts("ok");
}
