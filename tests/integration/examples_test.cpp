// The SDK's examples in the real process: clients that Debian ships, and a reload in the middle of a request.

#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Examples : public GatewayTest {
 protected:
  void SetUp() override {
    const Json local{{"bind", "127.0.0.1"}, {"port", 0}};
    const auto account = [&](const char* channel) {
      return Json{{"channel", channel}, {"account", "default"}, {"listen", local}};
    };
    launch(Json{{"plugins", {{"dirs", {pluginFolder(), GW_EXAMPLE_PLUGINS}}}},
                {"loops", 2},
                {"accounts", {account("telnet"), account("line"), account("gopher")}}}
               .dump());
  }
  std::string gopherUrl(const std::string& rest) {
    return "gopher://127.0.0.1:" + std::to_string(gateway().portOf("gopher:default")) + rest;
  }
  /// What curl shows of a selector; the item's type is its first letter.
  std::string curl(const std::string& rest) {
    const Outcome done =
        run({"curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "30", gopherUrl(rest)},
            gateway().folder());
    EXPECT_EQ(done.exit, 0) << rest << ": " << done.err;
    return done.out;
  }
  std::string lynx(const std::string& rest) {
    const Outcome done = run({"lynx", "-dump", "-nolist", "-width=120", gopherUrl(rest)}, gateway().folder(),
                             {"LC_ALL=C.UTF-8", "HOME=" + gateway().folder(), "gopher_proxy="});
    EXPECT_EQ(done.exit, 0) << rest << ": " << done.err;
    return done.out;
  }
  /// The code in the item that goes on.
  static std::string codeIn(const std::string& menu) {
    const size_t at = menu.find("\t/play/");
    if (at == std::string::npos) throw std::runtime_error("no item that goes on in\n" + menu);
    const size_t from = at + std::string("\t/play/").size();
    return menu.substr(from, menu.find('\t', from) - from);
  }
  void reload(const std::string& plugin, int moved) {
    const Json done = gateway().gwctlJson({"plugin", "reload", plugin});
    EXPECT_EQ(done.at("moved"), moved) << done;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_F(Examples, AGopherGuestComesInAndGoesOnRequestByRequest) {
  EXPECT_TRUE(has(curl("/"), "7Come in"));
  EXPECT_TRUE(has(curl("/0/about"), "gopher door"));
  EXPECT_TRUE(has(curl("/0/welcome"), "Type your name"));
  const std::string in = curl("/7/enter%09guest");
  EXPECT_TRUE(has(in, "iWelcome, ")) << in;
  const std::string said = curl("/7/play/" + codeIn(in) + "%09say%20one");
  EXPECT_TRUE(has(said, "iYou say: one\t")) << said;
  const std::string again = curl("/7/play/" + codeIn(said) + "%09say%20two");
  EXPECT_TRUE(has(again, "iYou say: two\t")) << again;
  EXPECT_FALSE(has(again, "You say: one")) << again;
  EXPECT_EQ(gateway().gwctlJson({"session", "list"}).at("items").size(), 1u);
}

TEST_F(Examples, ACodeIsGoodOnceAndForAnyWayIn) {
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  telnet.sendLine("/token");
  telnet.expect("Your code: ");
  const std::string code = telnet.expect("\n");
  const std::string url = "/7/enter%09" + code.substr(0, code.find_last_not_of("\r\n ") + 1);
  const std::string in = curl(url);
  EXPECT_TRUE(has(in, "iYou are back.")) << in;
  EXPECT_TRUE(has(curl(url), "iThat code is not known")) << "used before";
  (void)curl("/7/play/" + codeIn(in) + "%09say%20by%20gopher");
  telnet.expect("You say: by gopher\n");
}

TEST_F(Examples, LynxShowsTheMenuAndTheDoor) {
  const std::string menu = lynx("/");
  EXPECT_TRUE(has(menu, "A game behind a gopher hole")) << menu;
  EXPECT_TRUE(has(menu, "About this place")) << menu;
  EXPECT_TRUE(has(lynx("/0/welcome"), "Type your name"));
  const std::string in = lynx("/7/enter?guest");
  EXPECT_TRUE(has(in, "Welcome, ")) << in;
  EXPECT_TRUE(has(in, "Say or do something")) << in;
}

TEST_F(Examples, HalfARequestIsFinishedOnTheNewCode) {
  TcpClient gopher(gateway().portOf("gopher:default"));
  TelnetClient line(gateway().portOf("line:default"));
  line.enterAsGuest();
  gopher.send("/abo");
  line.socket().send("say in two ha");
  reload("gopher", 1);
  reload("line", 1);
  gopher.send("ut\r\n");
  line.socket().send("lves\n");
  std::string text;
  const Deadline deadline(kPatience);
  while (gopher.receive(text, deadline)) {
  }
  EXPECT_TRUE(has(text, "gopher door")) << text;
  EXPECT_TRUE(text.ends_with("\r\n.\r\n")) << text;
  line.expect("You say: in two halves\n");
}

}  // namespace gw::test
