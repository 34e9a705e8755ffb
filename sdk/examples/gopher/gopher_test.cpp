// Drives the built plugin the way the host does. argv[1]: the plugin's file.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "testing/fake_host.h"

namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using gw::testing::FakeMigration;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what.c_str());
  std::exit(1);
}

void expect(const std::string& seen, const std::string& wanted, const std::string& what) {
  check(seen == wanted, what + "\n--- seen\n" + seen + "--- wanted\n" + wanted);
}

std::string info(const std::string& line) { return "i" + line + "\t\terror.host\t1\r\n"; }
std::string item(const std::string& display, const std::string& selector) {
  return display + "\t" + selector + "\t127.0.0.1\t4000\r\n";
}
std::string error(const std::string& line) { return "3" + line + "\t\terror.host\t1\r\n.\r\n"; }

FakeEvent privately(std::string text, std::string payload = "{}") {
  FakeEvent event = FakeEvent::line(std::move(text));
  event.delivery = GW_DELIVERY_PRIVATE;
  event.payload = std::move(payload);
  return event;
}

/// A conversation as the host leads it, in steps between which the connection may move to another generation.
using Steps = std::vector<std::function<void(FakeHost&, FakeConn&)>>;

void typeEach(Steps& steps, const std::string& bytes) {
  for (const char byte : bytes) steps.push_back([byte](FakeHost&, FakeConn& conn) { conn.receive({&byte, 1}); });
}

/// All that the client gets, and what was typed for it; moved before step `moveAt`.
std::string converse(const gw_plugin& plugin, const Steps& steps, size_t moveAt) {
  FakeHost host(plugin);
  check(host.ok(), host.error());
  const auto conn = host.open();
  check(conn != nullptr, "a connection opens");
  for (size_t i = 0; i < steps.size(); ++i) {
    if (i == moveAt && !conn->closedBy().has_value()) {
      const auto moved = host.migrate(*conn, host.load(plugin));
      check(moved.outcome == FakeMigration::Outcome::kMoved, "at " + std::to_string(i) + ": " + moved.reason);
    }
    steps[i](host, *conn);
  }
  std::string seen = conn->sent();
  for (const std::string& line : conn->lines()) seen += "> " + line + "\n";
  check(conn->closedBy().has_value(), "the connection ends with the answer");
  return seen + "closed " + std::to_string(conn->closedBy()->code) + "\n";
}

void expectAtEveryOffset(const gw_plugin& plugin, const Steps& steps, const std::string& wanted) {
  expect(converse(plugin, steps, std::string::npos), wanted, "unmoved");
  for (size_t at = 0; at < steps.size(); ++at)
    expect(converse(plugin, steps, at), wanted, "moved before step " + std::to_string(at));
}

void answersDocumentsAtOnce(const gw_plugin& plugin) {
  Steps steps;
  typeEach(steps, "\r\n");
  expectAtEveryOffset(plugin, steps,
                      info("A game behind a gopher hole") + info("") + item("0About this place", "/about") +
                          item("0What is said at the door", "/welcome") +
                          item("7Come in (type: guest, or your code)", "/enter") + ".\r\nclosed 1000\n");
  steps.clear();
  typeEach(steps, "/nothing\tx\t+\n");
  expectAtEveryOffset(plugin, steps, error("There is nothing here by that selector.") + "closed 1000\n");
}

void takesItsOptions(const gw_plugin& plugin) {
  FakeHost host(plugin, R"({"hostname": "example.org", "port": 70, "title": "Hi", "about": ".one\ntwo\u001b[1m\n"})");
  check(host.ok(), host.error());
  auto conn = host.open();
  conn->receive("/\r\n");
  check(conn->sent().find("/about\texample.org\t70\r\n") != std::string::npos, "menus name the host that is set");
  conn = host.open();
  conn->receive("/about\r\n");
  expect(conn->sent(), "..one\r\ntwo [1m\r\n.\r\n", "dots are doubled and controls are gone");
  conn.reset();
  for (const char* bad : {R"({"port": 0})", R"({"hostname": "a b"})", R"({"hostnam": "x"})", "[]", R"({"title": 1})"}) {
    check(host.validate(bad) != GW_OK && host.error().starts_with("options"), std::string("refuses ") + bad);
  }
}

void namesTheAddressThatTheClientCameTo(const gw_plugin& plugin) {
  FakeHost host(plugin);
  gw::testing::OpenOptions options;
  options.local = "[2001:db8::7]:7070";
  const auto conn = host.open(options);
  conn->receive("\n");
  check(conn->sent().find("/about\t2001:db8::7\t7070\r\n") != std::string::npos, "an IPv6 address: " + conn->sent());
}

void showsWhatIsSaidAtTheDoor(const gw_plugin& plugin) {
  Steps steps;
  typeEach(steps, "/welcome\r\n");
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(privately("Welcome.\n.hidden")); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(FakeEvent::prompt("Name: ")); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.login({.kind = GW_LOGIN_OPEN}); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.answerHello(); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(0); });
  expectAtEveryOffset(plugin, steps, "Welcome.\r\n..hidden\r\n.\r\nclosed 1006\n");
}

/// From the request to the question who is there.
Steps atTheDoor(const std::string& request) {
  Steps steps;
  typeEach(steps, request);
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(privately("Welcome.")); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.login({.kind = GW_LOGIN_OPEN}); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(0); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.answerHello(); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(50); });
  return steps;
}

void playsOneLineAndTakesTheNextCodeAlong(const gw_plugin& plugin) {
  Steps steps = atTheDoor("/play/AAAAA-BBBBB\tsay hi\tthere\r\n");
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.notice(GW_NOTICE_ATTACHED, 2, 1); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(privately("You are back.")); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.submitResult = GW_E_AGAIN; });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(10); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.submitResult = GW_OK; });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(50); });
  steps.push_back([](FakeHost&, FakeConn& conn) {
    conn.deliver(privately("Your code: CCCCC-DDDDD", R"({"text":"Your code: CCCCC-DDDDD","code":"CCCCC-DDDDD"})"));
  });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(FakeEvent::line("You say: hi"), 7); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(399); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(FakeEvent::line("Bo says:\thi"), 8); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(399); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(1); });
  expectAtEveryOffset(plugin, steps,
                      info("You are back.") + info("You say: hi") + info("Bo says: hi") +
                          item("7Say or do something", "/play/CCCCC-DDDDD") + item("1Back to the door", "") +
                          ".\r\n> reconnect AAAAA-BBBBB\n> say hi\n> /token\nclosed 1006\n");
}

void tellsWhyItIsNotLetIn(const gw_plugin& plugin) {
  Steps steps = atTheDoor("/enter\t AAAAA-BBBBB \r\n");
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(privately("That code is not known.")); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.login({.kind = GW_LOGIN_OPEN}); });
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(0); });
  expectAtEveryOffset(
      plugin, steps,
      info("That code is not known.") + item("1Back to the door", "") + ".\r\n> reconnect AAAAA-BBBBB\nclosed 1006\n");
}

void neverWaitsForEver(const gw_plugin& plugin) {
  Steps steps;
  typeEach(steps, "/enter\tguest\r\n");
  steps.push_back([](FakeHost& host, FakeConn&) { host.advance(10000); });
  expectAtEveryOffset(plugin, steps,
                      info("Nothing was answered.") + item("1Back to the door", "") + ".\r\nclosed 1006\n");
}

void saysGoodbyeInItsOwnWords(const gw_plugin& plugin) {
  const auto bye = [](FakeHost&, FakeConn& conn) { conn.closeBegin(GW_CLOSE_SHUTDOWN, "See you."); };
  Steps steps;
  typeEach(steps, "/wel");
  steps.push_back(bye);
  expectAtEveryOffset(plugin, steps, error("See you.") + "closed 1001\n");
  steps = atTheDoor("/enter\tguest\r\n");
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.deliver(privately("Welcome, Guest-1.")); });
  steps.push_back(bye);
  expectAtEveryOffset(plugin, steps, info("Welcome, Guest-1.") + info("See you.") + ".\r\n> guest\nclosed 1001\n");
}

void boundsWhatAPeerSends(const gw_plugin& plugin) {
  Steps steps{[](FakeHost&, FakeConn& conn) { conn.receive(std::string(1024, 'x')); },
              [](FakeHost&, FakeConn& conn) { conn.receive("x"); }};
  expectAtEveryOffset(plugin, steps, error("That request is too long.") + "closed 1000\n");
  steps.clear();
  typeEach(steps, "/enter\tguest\r\n");
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.chargeLimit = 1; });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.receive("GET / HTTP/1.0\r\n\r\n"); });
  steps.push_back([](FakeHost&, FakeConn& conn) { conn.receive("Host: x\r\n"); });
  expectAtEveryOffset(plugin, steps, "closed 4004\n");
}

void refusesHostileStates(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const std::string good("\x03\x04/abc\0", 7);  // a request of which four bytes have come
  check(host.adopt(1, good) != nullptr, "a good state is taken: " + host.error());
  for (size_t cut = 0; cut < good.size(); ++cut)
    check(host.adopt(1, good.substr(0, cut)) == nullptr, "a state that is cut off is refused");
  for (const std::string& bad : {std::string("\x01\x01\x05\x02\x01\x02\0", 7), std::string("\x01\x01\x01\0", 4),
                                 std::string("\x02\x01\x01\0", 4), std::string("\x03\x02\n\n\0", 5),
                                 std::string("\x01\x01\x04\x02\x01\x02\x05\x02\r\n\0", 11), good + "x"})
    check(host.adopt(1, bad) == nullptr, "a state that cannot be is refused");
  check(host.adopt(2, good) == nullptr, "another version is refused");
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 2, "usage: gopher_test PLUGIN");
  const gw::testing::PluginFile file(argv[1]);
  check(file.plugin() != nullptr, file.error());
  for (const auto test : {answersDocumentsAtOnce, takesItsOptions, namesTheAddressThatTheClientCameTo,
                          showsWhatIsSaidAtTheDoor, playsOneLineAndTakesTheNextCodeAlong, tellsWhyItIsNotLetIn,
                          neverWaitsForEver, saysGoodbyeInItsOwnWords, boundsWhatAPeerSends, refusesHostileStates})
    test(*file.plugin());
  std::puts("ok");
}
