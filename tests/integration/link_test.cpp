// A backend behind the link: logins, commands, output on every channel, its comings and goings.

#include <future>

#include "integration/link_fixture.h"
#include "support/http_client.h"

namespace gw::test {
namespace {

class Link : public LinkTest {
 protected:
  /// Logs in at a terminal. The session's id.
  static std::string enter(LinkPeer& world, TelnetClient& terminal, const std::string& name) {
    terminal.expect("Name: ");
    terminal.sendLine(name);
    terminal.expect("Password: ");
    terminal.sendLine("secret");
    std::string session;
    waitUntil(name + " plays", [&] {
      world.poll();
      for (const Json& frame : world.frames())
        if (frame.value("event", "") == "session.entered" && frame["payload"]["user"]["name"] == name)
          session = frame["payload"]["session"];
      return !session.empty();
    });
    return session;
  }
};

TEST_F(Link, HelloSaysWhatTheTokenAllowsAndHowMuchMayCome) {
  launchLink();
  LinkPeer peer(gateway().linkPort());
  const Json answer = peer.connect(token_);
  ASSERT_TRUE(answer.at("ok").get<bool>()) << answer;
  const Json& hello = answer.at("payload");
  EXPECT_EQ(hello.at("protocol"), 1);
  EXPECT_EQ(hello.at("server").at("gatewayId"), "gw-test");
  EXPECT_EQ(hello.at("auth"), Json({{"role", "backend"}, {"capabilities", Json::array()}}));
  EXPECT_EQ(hello.at("link").at("n"), 0);
  EXPECT_EQ(hello.at("policy").at("maxPayload"), 65536);
  EXPECT_EQ(peer.expect("link.ready").at("sessions"), 0);
}

TEST_F(Link, ACommandGoesThereAndItsOutputComesBackOnceAndInOrder) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const Json entered = world.expect("session.entered");
  EXPECT_EQ(entered.at("user").at("name"), "anna");
  EXPECT_EQ(entered.at("character").at("name"), "Hero of anna");
  EXPECT_EQ(entered.at("session"), idOf(anna));
  anna.command("look");
  const Json command = world.expect("command");
  EXPECT_EQ(command, Json({{"session", idOf(anna)}, {"seq", 1}, {"text", "look"}}));
  for (uint64_t n = 1; n <= 3; ++n) world.output(idOf(anna), "line " + std::to_string(n), n);
  world.output(idOf(anna), "line 2", 2);  // once more: not shown again
  world.output(idOf(anna), "line 4", 4);
  world.acknowledge(idOf(anna), 1);
  for (int line = 1; line <= 4; ++line)
    EXPECT_EQ(anna.expect("line ").at("payload").at("text"), "line " + std::to_string(line));
  uint64_t acknowledged = 0;
  while (acknowledged < 4) acknowledged = world.expect("link.ack").at("n").get<uint64_t>();
  EXPECT_EQ(anna.duplicates(), 0u);
}

TEST_F(Link, AFrameThatIsAheadIsRefusedWithTheOneThatIsDue) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  world.output(idOf(anna), "one", 1);
  world.output(idOf(anna), "three", 3);
  const Json error = world.expect("link.error");
  EXPECT_EQ(error.at("session"), idOf(anna));
  EXPECT_EQ(error.at("n"), 3);
  EXPECT_EQ(error.at("error").at("code"), "CONFLICT");
  EXPECT_EQ(error.at("error").at("details").at("expected"), 2);
  world.output(idOf(anna), "two", 2);
  anna.expect("one");
  anna.expect("two");
}

TEST_F(Link, ACountedEventThatIsNotKnownUsesItsNumberUp) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  world.output(idOf(anna), "one", 1);
  world.event("session.dance", {{"session", idOf(anna)}, {"n", 2}});
  world.output(idOf(anna), "three", 3);
  anna.expect("one");
  anna.expect("three");
}

TEST_F(Link, ARequestIsAnsweredOnceItIsTaken) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const Json good = world.request("session.output",
                                  {{"session", idOf(anna)}, {"n", 1}, {"output", {{"type", "text"}, {"text", "hi"}}}});
  EXPECT_TRUE(good.at("ok").get<bool>()) << good;
  const Json ahead = world.request("session.output",
                                   {{"session", idOf(anna)}, {"n", 9}, {"output", {{"type", "text"}, {"text", "hi"}}}});
  EXPECT_EQ(ahead.at("error").at("details").at("expected"), 2) << ahead;
  const Json bad = world.request("session.output", {{"session", idOf(anna)}, {"n", 2}, {"output", {{"type", "poem"}}}});
  EXPECT_EQ(bad.at("error").at("code"), "INVALID_REQUEST") << bad;
  EXPECT_EQ(world.request("no.such", Json::object()).at("error").at("code"), "METHOD_NOT_FOUND");
  const Json facts = world.request("session.get", {{"session", idOf(anna)}}).at("payload").at("session");
  EXPECT_EQ(facts.at("state"), "playing");
  EXPECT_EQ(facts.at("connections"), 1);
  EXPECT_EQ(facts.at("protocol"), "websocket");
}

TEST_F(Link, ALoginByPostIsAnsweredAlsoWhenItsSessionEndsMeanwhile) {
  launchLink();
  LinkPeerOptions options;
  options.answers = false;
  LinkPeer world = backend(options);
  const auto post = [&](const std::string& bearer, const std::string& method, const Json& params) {
    std::vector<std::string> headers{"Content-Type: application/json"};
    if (!bearer.empty()) headers.push_back("Authorization: Bearer " + bearer);
    return Json::parse(httpRequest(gateway().httpPort(), "POST", "/rpc", headers,
                                   Json{{"type", "req"}, {"id", "1"}, {"method", method}, {"params", params}}.dump())
                           .body);
  };
  const std::string bearer = post({}, "connect", Json::object())["payload"]["session"]["accessToken"];
  auto waiting =
      std::async(std::launch::async, post, bearer, "authenticate", Json{{"username", "anna"}, {"password", "secret"}});
  const Json call = world.expectCall("authenticate");
  EXPECT_TRUE(post(bearer, "logout", Json::object()).value("ok", false));
  world.answer(call, {{"user", {{"id", "u"}, {"name", "anna"}}}});
  const Json answer = waiting.get();
  EXPECT_EQ(answer["error"].value("code", ""), "UNAUTHORIZED") << answer;
}

TEST_F(Link, EveryVariantOfOutputReachesEachChannelAsFarAsItSpeaksIt) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  TelnetClient bert(gateway().telnetPort());
  const std::string telnet = enter(world, bert, "bert");
  uint64_t n = 0;
  const auto both = [&](const Json& output) {
    ++n;
    for (const std::string& session : {idOf(anna), telnet})
      world.event("session.output", {{"session", session}, {"n", n}, {"output", output}});
  };
  both({{"type", "text"}, {"text", "plain \x1b[1mbold\x1b[0m\x07"}});
  EXPECT_EQ(anna.expect("plain").at("payload").at("text"), "plain bold");
  bert.expect("plain bold");
  both({{"type", "formattedText"},
        {"text", "red"},
        {"spans", {{{"start", 0}, {"len", 3}, {"fg", "#ff0000"}, {"bold", true}}}}});
  const Json red = anna.expect("red").at("payload");
  EXPECT_EQ(red.at("spans").at(0).at("fg"), 0x02ff0000) << red;
  bert.expect("red");
  both({{"type", "roomDescription"},
        {"name", "The Hall"},
        {"description", "Cold."},
        {"exits", {"north", "south"}},
        {"entities", {{{"name", "a rat"}}}},
        {"items", {"a lamp"}}});
  const Json room = anna.expect("The Hall").at("payload");
  EXPECT_EQ(room.at("outputType"), "roomDescription");
  EXPECT_EQ(room.at("data").at("exits"), Json({"north", "south"}));
  bert.expect("The Hall\nCold.\nExits: north, south\nHere: a rat\nYou see: a lamp");
  both({{"type", "combat"}, {"attacker", "Anna"}, {"action", "hits"}, {"defender", "the rat"}, {"damage", 3}});
  bert.expect("Anna hits the rat for 3 damage.");
  EXPECT_EQ(anna.expect("Anna hits").at("payload").at("data").at("damage"), 3);
  both({{"type", "system"}, {"text", "Restart soon."}});
  bert.expect("*** Restart soon.");
  anna.expect("Restart soon.");
  both({{"type", "structured"}, {"outputType", "map.update"}, {"data", {{"x", 1}}}});
  const Json map = anna.expectEvent("output").at("payload");
  EXPECT_EQ(map, Json({{"kind", "structured"}, {"outputType", "map.update"}, {"data", {{"x", 1}}}}));
  world.event("entity.changed", {{"session", idOf(anna)}, {"n", ++n}, {"updateType", "stats"}, {"data", {{"hp", 9}}}});
  EXPECT_EQ(anna.expectEvent("entity.changed").at("payload").at("data").at("hp"), 9);
  world.event("session.prompt", {{"session", telnet}, {"n", n}, {"text", "> "}});
  bert.expect("> ");
  bert.sendLine("hello");
  EXPECT_EQ(world.expect("command").at("text"), "hello");
}

TEST_F(Link, BytesForTerminalsNeedTheTokensRightAndReachTerminalsAlone) {
  launchLink(Json::object(), {"--raw-terminal"});
  LinkPeer world(gateway().linkPort());
  EXPECT_EQ(world.connect(token_).at("payload").at("auth").at("capabilities"), Json({"rawTerminal"}));
  V1Client anna = player(world);
  TelnetClient bert(gateway().telnetPort());
  const std::string telnet = enter(world, bert, "bert");
  const Json screen{{"type", "terminal"}, {"data", "G1sySrD/AA=="}, {"text", "A menu."}};  // ESC [2J, 0xB0, 0xFF, 0
  for (const std::string& session : {idOf(anna), telnet})
    world.event("session.output", {{"session", session}, {"n", 1}, {"output", screen}});
  EXPECT_EQ(anna.expectEvent("output").at("payload"),
            Json({{"kind", "text"}, {"text", "A menu."}, {"outputType", "terminal"}}));
  world.output(telnet, "Next.", 2);
  bert.expect("Next.");
  EXPECT_NE(bert.raw().find(std::string("\x1b[2J\xb0\xff\xff\0Next.", 13)), std::string::npos) << bert.raw();
}

TEST_F(Link, WithoutTheRightBytesForTerminalsAreRefused) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const auto send = [&](uint64_t n, const Json& output) {
    world.event("session.output", {{"session", idOf(anna)}, {"n", n}, {"output", output}});
  };
  send(1, {{"type", "terminal"}, {"data", "G1sySg=="}});
  EXPECT_EQ(world.expect("link.error").at("error").at("code"), "FORBIDDEN");
  send(2, {{"type", "text"}, {"text", "goes on"}});
  anna.expect("goes on");
}

TEST_F(Link, RoomsBelongToSessionsAndTheirOutputToTheInstance) {
  launchLink(Json::object(), {"--broadcast"});
  LinkPeer world = backend();
  V1Client anna = player(world, "anna"), bert = player(world, "bert");
  world.event("room.join", {{"session", idOf(anna)}, {"n", 1}, {"room", "hall"}});
  world.event("room.join", {{"session", idOf(bert)}, {"n", 1}, {"room", "hall"}});
  const auto joined = [&](V1Client& who) { return who.request("rooms.list").at("joined") == Json({"hall"}); };
  waitUntil("both are in the hall", [&] { return joined(anna) && joined(bert); });
  const auto say = [&](uint64_t n, const std::string& text, const Json& exclude) {
    world.event("room.output",
                {{"n", n}, {"room", "hall"}, {"exclude", exclude}, {"output", {{"type", "text"}, {"text", text}}}});
  };
  say(1, "for bert", {idOf(anna)});
  say(1, "twice", Json::array());
  say(2, "for both", Json::array());
  anna.expect("for both");
  bert.expect("for bert");
  bert.expect("for both");
  say(4, "ahead", Json::array());
  EXPECT_EQ(world.expect("link.error").at("error").at("details").at("expected"), 3);
  world.event("broadcast", {{"n", 3}, {"event", "world.weather"}, {"payload", {{"sky", "grey"}}}});
  EXPECT_EQ(anna.expectEvent("world.weather").at("payload").at("sky"), "grey");
  uint64_t acknowledged = 0;  // more than one may be on the way
  while (acknowledged < 3) acknowledged = world.expect("link.ack").at("n").get<uint64_t>();
  EXPECT_EQ(acknowledged, 3u);
  // One of those it is for is over: the others get it. All of them are: nobody does.
  const std::string gone = "ABCDEFGHIJKLMNOPQRSTUA";
  const auto whisper = [&](uint64_t n, const std::string& text, const Json& sessions) {
    world.event("broadcast",
                {{"n", n}, {"output", {{"type", "text"}, {"text", text}}}, {"filter", {{"sessions", sessions}}}});
  };
  whisper(4, "to nobody", {gone});
  whisper(5, "to bert", {gone, idOf(bert)});
  whisper(6, "to anna", {idOf(anna)});
  bert.expect("to bert");
  EXPECT_EQ(anna.expect("to ").at("payload").at("text"), "to anna");
}

TEST_F(Link, ABackendThatIsAwayCostsNobodyMoreThanAPause) {
  launchLink();
  std::optional<LinkPeer> world(backend());
  V1Client anna = player(*world);
  const std::string id = idOf(anna);
  anna.command("one");
  world->expect("command");
  world->output(id, "first", 1);
  anna.expect("first");
  world.reset();  // gone, and "one" was not acknowledged
  const Json away = anna.expect("not answering").at("payload");
  EXPECT_EQ(away.at("backend"), "away");
  anna.command("two");
  anna.command("three");
  LinkPeer again = backend();
  const Json back = again.expect("session.reconnected");
  EXPECT_EQ(back.at("session"), id);
  EXPECT_EQ(back.at("cause"), "link");
  EXPECT_EQ(back.at("state"), "playing");
  EXPECT_EQ(back.at("n"), 1);
  for (const char* text : {"one", "two", "three"}) EXPECT_EQ(again.expect("command").at("text"), text);
  again.acknowledge(id, 3);
  again.output(id, "second", 2);
  anna.expect("second");
  anna.command("four");
  EXPECT_EQ(again.expect("command").at("seq"), 4);
}

TEST_F(Link, ALogInWhileTheBackendIsAwayIsToldSo) {
  launchLink();
  V1Client client(gateway().httpPort());
  const Json refused = client.tryRequest("connect", {{"auth", {{"username", "anna"}, {"password", "x"}}}});
  EXPECT_EQ(refused.at("error").at("code"), "UNAVAILABLE") << refused;
  TelnetClient telnet(gateway().telnetPort());
  telnet.expect("Name: ");
  telnet.sendLine("anna");
  telnet.expect("Password: ");
  telnet.sendLine("x");
  telnet.expect("not available at the moment");
  telnet.expect("Name: ");
}

TEST_F(Link, WhatTheBackendSaysToALogInReachesThePlayer) {
  launchLink();
  LinkPeerOptions options;
  options.answers = false;
  LinkPeer world = backend(options);
  for (const auto& [code, reason] : {std::pair{"UNAUTHORIZED", "invalidCredentials"}, {"FORBIDDEN", "accountLocked"}}) {
    V1Client client(gateway().httpPort());
    const std::string id = client.send("connect", {{"auth", {{"username", "anna"}, {"password", "x"}}}});
    const Json call = world.expectCall("authenticate");
    EXPECT_EQ(call.at("params").at("username"), "anna");
    EXPECT_EQ(call.at("params").at("address"), "127.0.0.1");
    world.refuse(call, code, reason);
    std::optional<Json> answer;
    waitUntil("the log-in is answered", [&] {
      client.poll();
      return (answer = client.takeAnswer(id)).has_value();
    });
    EXPECT_EQ(answer->at("error").at("code"), code) << *answer;
    EXPECT_EQ(answer->at("error").at("details").at("reason"), reason);
  }
}

TEST_F(Link, ACallThatIsNotAnsweredInTimeIsGivenUpAndItsLateAnswerIgnored) {
  launchLink({{"backend", {{"callTimeout", "200ms"}}}});
  LinkPeerOptions options;
  options.answers = false;
  LinkPeer world = backend(options);
  V1Client client(gateway().httpPort());
  const std::string id = client.send("connect", {{"auth", {{"username", "anna"}, {"password", "x"}}}});
  const Json call = world.expectCall("authenticate");
  EXPECT_EQ(world.expect("cancel").at("id"), call.at("id"));
  world.answer(call, {{"user", {{"id", "u"}, {"name", "anna"}}}});
  std::optional<Json> answer;
  waitUntil("the log-in is answered", [&] {
    client.poll();
    return (answer = client.takeAnswer(id)).has_value();
  });
  EXPECT_EQ(answer->at("error").at("code"), "TIMEOUT") << *answer;
  waitUntil("the late answer is counted", [&] {
    return gateway().gwctlJson({"backend", "show", "world"}).at("lateAnswers") == 1;
  });
}

TEST_F(Link, ALineUnderAHiddenPromptIsGivenOnceAndNeverKept) {
  launchLink();
  std::optional<LinkPeer> world(backend());
  V1Client anna = player(*world);
  const std::string id = idOf(anna);
  world->event("session.prompt", {{"session", id}, {"n", 1}, {"text", "PIN: "}, {"echo", false}});
  EXPECT_EQ(anna.expectEvent("prompt").at("payload").at("echo"), false);
  anna.command("1234");
  EXPECT_EQ(world->expect("command.private"), Json({{"session", id}, {"text", "1234"}}));
  world->event("session.prompt", {{"session", id}, {"n", 2}, {"text", "PIN: "}, {"echo", false}});
  anna.expectEvent("prompt");
  world.reset();
  anna.expect("not answering at the moment");
  anna.command("5678");
  anna.expect("type it again");
  LinkPeer again = backend();
  again.expect("session.reconnected");
  again.poll();
  for (const Json& frame : again.frames()) EXPECT_EQ(frame.dump().find("5678"), std::string::npos) << frame;
}

TEST_F(Link, WithoutCharactersEverybodyPlaysAsThemselves) {
  launchLink();
  LinkPeerOptions options;
  options.capabilities = {{"characters", false}, {"guests", true}};
  LinkPeer world = backend(options);
  TelnetClient bert(gateway().telnetPort());
  bert.expect("Name: ");
  bert.sendLine("bert");
  bert.expect("Password: ");
  bert.sendLine("secret");
  const Json entered = world.expect("session.entered");
  EXPECT_EQ(entered.at("user").at("name"), "bert");
  EXPECT_EQ(entered.at("character"), Json({{"id", "u-bert"}, {"name", "bert"}}));
}

TEST_F(Link, AKickEndsTheSessionAndTheBackendIsTold) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  world.event("session.disconnect", {{"session", idOf(anna)}, {"n", 1}, {"reason", "kicked"}, {"text", "Out."}});
  EXPECT_EQ(anna.readToClose(), 1008);
  EXPECT_EQ(world.expect("session.closed").at("session"), idOf(anna));
  world.output(idOf(anna), "too late", 2);
  EXPECT_EQ(world.expect("link.error").at("error").at("code"), "NOT_FOUND");
}

TEST_F(Link, SessionsArePinnedToOneOfSeveralConnectionsAndMoveWhenItEnds) {
  launchLink();
  LinkPeer first = backend();
  std::optional<LinkPeer> second(backend());
  V1Client anna = player(first, "anna");
  waitUntil("both connections have a say", [&] {
    second->poll();
    return true;
  });
  first.expect("session.entered");
  second->output(idOf(anna), "foreign", 1);
  EXPECT_EQ(second->expect("link.error").at("error").at("code"), "FORBIDDEN");
  first.ws().socket().close();
  const Json moved = second->expect("session.reconnected");
  EXPECT_EQ(moved.at("session"), idOf(anna));
  second->output(idOf(anna), "from the other one", 1);
  anna.expect("from the other one");
  const Json shown = gateway().gwctlJson({"backend", "show", "world"});
  EXPECT_EQ(shown.at("connections").size(), 1u) << shown;
  EXPECT_EQ(shown.at("disconnects"), 1);
}

TEST_F(Link, ADisconnectedPlayersOutputWaitsInTheirLog) {
  launchLink();
  LinkPeer world = backend();
  V1Client anna = player(world);
  const std::string token = anna.reconnectToken();
  const Position seen = anna.position();
  anna.ws().socket().reset();
  EXPECT_EQ(world.expect("session.disconnected").at("reason"), "networkError");
  world.output(idOf(anna), "while you were away", 1);
  world.expect("link.ack");
  V1Client back(gateway().httpPort());
  back.resume(token, "attempt-1", seen);
  back.expect("while you were away");
  const Json reconnected = world.expect("session.reconnected");
  EXPECT_EQ(reconnected.at("cause"), "player");
}

TEST_F(Link, LinesThatCameFasterThanTheBackendReadsStayWithTheirSessionsAndFollow) {
  launchLink({{"backend", {{"queue", 4}}}});
  LinkPeer world = backend();
  V1Client anna = player(world);
  for (int i = 1; i <= 60; ++i) (void)anna.send("command", {{"text", "line " + std::to_string(i)}});
  for (int i = 1; i <= 60; ++i) {
    const Json command = world.expect("command");
    EXPECT_EQ(command.at("seq"), i);
    EXPECT_EQ(command.at("text"), "line " + std::to_string(i));
    world.acknowledge(idOf(anna), static_cast<uint64_t>(i));
  }
}

}  // namespace
}  // namespace gw::test
