// A backend that means harm, or knows no better, harms nobody.

#include "integration/link_fixture.h"

namespace gw::test {
namespace {

class LinkHostile : public LinkTest {
 protected:
  /// A frame's bytes, masked with zeros.
  static std::string head(int opcode, uint64_t length) {
    std::string out(1, static_cast<char>(0x80 | opcode));
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift);
    return out + std::string(4, '\0');
  }
  WsOptions raw() const {
    WsOptions options;
    options.path = "/backend";
    options.subprotocol = "";
    return options;
  }
  std::string refusalOf(const WsOptions& options) {
    TcpClient client(gateway().linkPort());
    client.send(wsHandshake(gateway().linkPort(), options));
    std::string answer;
    const Deadline deadline(kPatience);
    while (client.receive(answer, deadline)) {
    }
    return answer.substr(0, answer.find("\r\n"));
  }
};

TEST_F(LinkHostile, AWrongTokenAPageAndAForeignHostAreRefused) {
  launchLink();
  LinkPeer wrong(gateway().linkPort());
  EXPECT_EQ(wrong.connect("gwb_guess").at("error").at("code"), "UNAUTHORIZED");
  EXPECT_EQ(wrong.readToClose(), 4001);
  LinkPeerOptions other;
  other.name = "other";
  LinkPeer foreign(gateway().linkPort(), other);
  EXPECT_EQ(foreign.connect(token_).at("error").at("code"), "UNAUTHORIZED") << "a token is of one name";
  WsOptions page = raw();
  page.origin = "http://127.0.0.1";
  EXPECT_NE(refusalOf(page).find("403"), std::string::npos);
  WsOptions rebound = raw();
  rebound.host = "evil.example";
  EXPECT_NE(refusalOf(rebound).find("421"), std::string::npos);
  WsOptions elsewhere = raw();
  elsewhere.path = "/ws";
  EXPECT_NE(refusalOf(elsewhere).find("404"), std::string::npos);
}

TEST_F(LinkHostile, GuessesOfTokensAreThrottled) {
  launchLink();
  std::string code;
  for (int i = 0; i < 7; ++i) {
    LinkPeer peer(gateway().linkPort());
    code = peer.connect("gwb_guess").at("error").at("code");
  }
  EXPECT_EQ(code, "RATE_LIMITED");
  EXPECT_NO_THROW(backend()) << "guesses from the same address lock nobody out";
}

TEST_F(LinkHostile, WhoDoesNotConnectInTimeIsClosedAndTheirNumberIsBounded) {
  launchLink();
  std::vector<TcpClient> waiting;
  for (int i = 0; i < 12; ++i) waiting.emplace_back(gateway().linkPort());
  // Eight wait at the door, the others are closed at once; after five seconds none is left.
  const Deadline deadline(kPatience);
  for (TcpClient& client : waiting) {
    std::string nothing;
    client.send("GET /backend HTTP/1.1\r\n");
    while (client.receive(nothing, deadline)) {
    }
  }
  waitUntil("the door has room again", [&] {
    try {
      backend();
      return true;
    } catch (const std::exception&) {
      return false;
    }
  });
  EXPECT_GE(gateway().gwctlJson({"backend", "show", "world"}).at("refusedConnects"), 4) << "those over eight, at least";
}

TEST_F(LinkHostile, FramesThatBreakTheRulesEndTheirConnectionAlone) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  struct Breach {
    const char* name;
    std::function<void(WsClient&)> commit;
    uint16_t code;
  };
  const std::vector<Breach> breaches{
      {"not masked", [](WsClient& ws) { ws.sendFrame(1, "{}", true, false); }, 1002},
      {"reserved bits", [](WsClient& ws) { ws.sendFrame(1, "{}", true, true, 4); }, 1002},
      {"binary", [](WsClient& ws) { ws.sendFrame(2, "{}"); }, 1003},
      {"an unknown kind", [](WsClient& ws) { ws.sendFrame(5, "{}"); }, 1002},
      {"a fragment of nothing", [](WsClient& ws) { ws.sendFrame(0, "{}"); }, 1002},
      {"a ping in fragments", [](WsClient& ws) { ws.sendFrame(9, "x", false); }, 1002},
      {"not UTF-8", [](WsClient& ws) { ws.sendFrame(1, "\"\xff\""); }, 1007},
      {"not JSON", [](WsClient& ws) { ws.sendText("{"); }, 1008},
      {"too deep", [](WsClient& ws) { ws.sendText(std::string(100, '[') + std::string(100, ']')); }, 1008},
      {"a giant", [](WsClient& ws) { ws.socket().send(head(1, uint64_t{1} << 40)); }, 1009},
      {"a giant in pieces",
       [](WsClient& ws) {
         ws.sendFrame(1, std::string(40'000, ' '), false);
         ws.sendFrame(0, std::string(40'000, ' '));
       },
       1009},
      {"something before connect", [](WsClient& ws) { ws.sendText(R"({"type":"event","event":"heartbeat"})"); }, 1008},
  };
  for (const Breach& breach : breaches) {
    WsClient ws(gateway().linkPort(), raw());
    breach.commit(ws);
    EXPECT_EQ(ws.readToClose(), breach.code) << breach.name;
  }
  world.output(idOf(anna), "all is well", 1);
  anna.expect("all is well");
}

TEST_F(LinkHostile, FragmentsPingsAndHalfFramesAreWhatTheyAre) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const std::string text =
      Json{{"type", "event"},
           {"event", "session.output"},
           {"n", 1},
           {"payload", {{"session", idOf(anna)}, {"output", {{"type", "text"}, {"text", "in pieces"}}}}}}
          .dump();
  world.ws().sendFrame(1, text.substr(0, 10), false);
  world.ws().sendFrame(9, "still there?");
  world.ws().sendFrame(0, text.substr(10));
  anna.expect("in pieces");
  // Half a frame holds nobody up but its sender.
  LinkPeer half(gateway().linkPort());
  half.ws().socket().send(head(1, 1000) + "{");
  world.output(idOf(anna), "meanwhile", 2);
  anna.expect("meanwhile");
}

TEST_F(LinkHostile, NonsenseIsAnsweredAndHarmsNoSession) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const std::string id = idOf(anna);
  const auto refused = [&](const std::string& event, const Json& payload) {
    world.event(event, payload);
    return world.expect("link.error").at("error").at("code").get<std::string>();
  };
  const Json text{{"type", "text"}, {"text", "x"}};
  EXPECT_EQ(refused("session.output", Json::object()), "INVALID_REQUEST");
  EXPECT_EQ(refused("session.output", {{"session", 7}, {"output", text}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("session.output", {{"session", id}, {"n", -1}, {"output", text}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("session.output", {{"session", id}, {"n", 1.5}, {"output", text}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("session.output", {{"session", id}, {"delivery", "sometimes"}, {"output", text}}),
            "INVALID_REQUEST");
  EXPECT_EQ(refused("session.output",
                    {{"session", id},
                     {"output", {{"type", "formattedText"}, {"text", "a"}, {"spans", {{{"start", 0}, {"len", 9}}}}}}}),
            "INVALID_REQUEST");
  EXPECT_EQ(refused("session.output", {{"session", "ABCDEFGHIJKLMNOPQRSTUA"}, {"n", 1}, {"output", text}}),
            "NOT_FOUND");
  EXPECT_EQ(refused("session.output", {{"session", id}, {"delivery", 5}, {"output", text}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("session.prompt", {{"session", id}, {"text", std::string(5000, 'x')}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("room.join", {{"session", id}, {"room", "a\nb"}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("broadcast", {{"event", "session.replaced"}, {"payload", Json::object()}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("broadcast", {{"event", "output"}, {"output", text}}), "INVALID_REQUEST");
  EXPECT_EQ(refused("broadcast", {{"output", text}}), "FORBIDDEN") << "its token does not allow it";
  EXPECT_EQ(refused("command.ack", {{"session", id}}), "INVALID_REQUEST");
  // What is refused for what it says has used its number up.
  EXPECT_EQ(refused("session.output", {{"session", id}, {"n", 1}, {"output", {{"type", "poem"}}}}), "INVALID_REQUEST");
  EXPECT_EQ(world.expect("link.ack").at("n"), 1);
  world.send({{"type", "poem"}});
  EXPECT_EQ(world.expect("link.error").at("error").at("code"), "INVALID_REQUEST");
  world.send(Json::array({1, "two", Json::array()}));
  for (int i = 0; i < 3; ++i) world.expect("link.error");
  world.event("session.output", {{"session", id},
                                 {"output",
                                  {{"type", "text"},
                                   {"text",
                                    "\x1b]0;title\x07\xe2\x80\xae"
                                    "after all"}}}});
  EXPECT_EQ(anna.expect("after all").at("payload").at("text"), "after all");
}

TEST_F(LinkHostile, ABackendThatDoesNotReadIsCutOffAndItsPlayersStay) {
  launchLink({{"backend", {{"heartbeat", "300ms"}}}});
  LinkPeer world = backend();
  V1Client anna = player(world);
  // It answers nothing any more, heartbeats neither.
  anna.expect("not answering at the moment");
  EXPECT_EQ(gateway().gwctlJson({"session", "list"}).at("items").size(), 1u);
}

TEST_F(LinkHostile, AFloodIsReadNoFasterThanTheLoopsCanTakeIt) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  std::string message = "[";
  const std::string frame = Json{{"type", "event"},
                                 {"event", "session.output"},
                                 {"payload",
                                  {{"session", idOf(anna)},
                                   {"delivery", "drop"},
                                   {"output", {{"type", "text"}, {"text", std::string(400, 'x')}}}}}}
                                .dump();
  while (message.size() + frame.size() + 2 < 64 * 1024) message += (message.size() > 1 ? "," : "") + frame;
  message += "]";
  const size_t before = gateway().residentBytes();
  for (int i = 0; i < 100; ++i) world.ws().sendText(message);
  world.output(idOf(anna), "the end", 1);
  anna.expect("the end", Ms(60'000));
  EXPECT_LT(gateway().residentBytes(), before + (size_t{96} << 20));
}

}  // namespace
}  // namespace gw::test
