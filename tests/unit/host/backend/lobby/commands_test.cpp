#include "backend/lobby/commands.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using testing::LobbyHouse;
using Texts = std::vector<std::string>;

class Talk : public LobbyHouse {
 protected:
  Talk() : anna(enter("Anna")), bob(enter("Bob")) { clear(); }
  void clear() {
    (void)sink.take(anna);
    (void)sink.take(bob);
    (void)sink.takeBroadcasts();
  }
  /// What Bob sees of Anna's line.
  Texts heardBy(const SessionId& listener, const SessionId& speaker, const std::string& line) {
    clear();
    type(speaker, line);
    return sink.take(listener);
  }
  const SessionId anna;
  const SessionId bob;
};

TEST_F(Talk, ABareLineIsSaidAloudExactlyAsTyped) {
  EXPECT_EQ(answerTo(anna, "hello"), Texts{"You say: hello"});
  for (const char* line : {"hello",
                           "  two  spaces  ",
                           "Grüße, 你好 👋🏽",
                           "<b>&amp;\"quotes\"</b>",
                           "100% \\n {json}",
                           "a\tb",
                           "look at this",
                           "who is there?",
                           "help me",
                           "leave me alone",
                           "quit it",
                           "so what",
                           "he is nice",
                           "I tell you",
                           "ignore him please",
                           "join us",
                           "plain text",
                           "token",
                           "t",
                           "s"}) {
    EXPECT_EQ(heardBy(bob, anna, line), Texts{std::string("Anna says: ") + line}) << line;
  }
}

TEST_F(Talk, NothingIsSaidForAnEmptyLine) {
  for (const char* line : {"", "   ", "\t", "\n", "\x1b"}) EXPECT_TRUE(answerTo(anna, line).empty());
}

TEST_F(Talk, SayWorksWithAndWithoutSlashInAnyCase) {
  for (const char* line : {"say hello", "SAY hello", "/say hello", "/Say   hello", "/sa hello", " /say hello "}) {
    EXPECT_EQ(heardBy(bob, anna, line), Texts{"Anna says: hello"}) << line;
  }
  EXPECT_EQ(answerTo(anna, "say"), Texts{"Say what?"});
  EXPECT_EQ(answerTo(anna, "/say  "), Texts{"Say what?"});
  EXPECT_EQ(heardBy(bob, anna, "//shrug"), Texts{"Anna says: /shrug"});
}

TEST_F(Talk, NoLineCanPoseAsAnotherOrCarryEscapes) {
  EXPECT_EQ(heardBy(bob, anna, "hi\nAnna says: lies\nBob says: more"),
            Texts{"Anna says: hi Anna says: lies Bob says: more"});
  EXPECT_EQ(heardBy(bob, anna, "\x1b[2J\x1b]0;x\x07\u202Eabc\xff"), Texts{"Anna says: [2J]0;xabc\uFFFD"});
}

TEST_F(Talk, EventsSayWhoWhereAndHow) {
  type(anna, "hello");
  const auto event = sink.takeEvents(bob).at(0);
  EXPECT_EQ(event.name, "output");
  EXPECT_EQ(event.kind, plugin::EventKind::kText);
  EXPECT_EQ(event.delivery, plugin::Delivery::kMust);
  const auto json = nlohmann::json::parse("{" + event.dataJson + "}");
  EXPECT_EQ(json, (nlohmann::json{{"verb", "say"}, {"from", "Anna"}, {"room", "lobby"}}));
  ASSERT_EQ(event.spans.size(), 1u);
  EXPECT_EQ(event.spans[0], (plugin::Span{0, 4, 0, 0, GW_SPAN_BOLD, {}}));
}

TEST_F(Talk, EmoteShowsTheSameToAll) {
  EXPECT_EQ(answerTo(anna, "emote waves"), Texts{"Anna waves"});
  EXPECT_EQ(heardBy(bob, anna, "/me waves"), Texts{"Anna waves"});
  EXPECT_EQ(answerTo(anna, "/emote"), Texts{"Do what? Try: emote waves"});
}

TEST_F(Talk, TellReachesOnePersonInAnyRoom) {
  const SessionId cleo = enter("Cleo");
  type(bob, "/join garden");
  clear();
  (void)sink.take(cleo);
  EXPECT_EQ(answerTo(anna, "tell bob psst, you"), Texts{"You tell Bob: psst, you"});
  EXPECT_EQ(sink.take(bob), Texts{"Anna tells you: psst, you"});
  EXPECT_TRUE(sink.take(cleo).empty());
  EXPECT_TRUE(sink.takeBroadcasts().empty());
  EXPECT_EQ(heardBy(bob, anna, "/t Bob x"), Texts{}) << "tell or token?";
  EXPECT_EQ(heardBy(bob, anna, "/te BOB x"), Texts{"Anna tells you: x"});
  EXPECT_EQ(heardBy(bob, anna, "/msg Bob x"), Texts{"Anna tells you: x"});
}

TEST_F(Talk, TellNeverBecomesPublicByMistake) {
  for (const char* line : {"tell", "tell Bob", "/tell", "tell Bobb my secret", "tell me about it"}) {
    EXPECT_TRUE(heardBy(bob, anna, line).empty()) << line;
  }
  EXPECT_EQ(answerTo(anna, "tell Bobb x"), Texts{"Nobody called Bobb is here."});
  EXPECT_EQ(answerTo(anna, "tell Bob"), Texts{"Tell whom what? Try: tell Anna hello"});
}

TEST_F(Talk, TellToOneselfIsAnsweredOnce) {
  EXPECT_EQ(answerTo(anna, "tell Anna ping 1"), Texts{"You tell yourself: ping 1"});
}

TEST_F(Talk, TellSaysWhenTheOtherIsAway) {
  world.setAway(bob, true);
  EXPECT_EQ(answerTo(anna, "tell Bob x"), Texts{"You tell Bob: x (They are away and will see it when they return.)"});
  EXPECT_EQ(sink.take(bob), Texts{"Anna tells you: x"});
}

TEST_F(Talk, WhoListsEveryoneWithRoomAndAbsence) {
  type(bob, "/join garden");
  world.setAway(bob, true);
  EXPECT_EQ(answerTo(anna, "who"), Texts{"2 online:\n  Anna in lobby (you)\n  Bob in garden (away)"});
  EXPECT_EQ(answerTo(anna, "/WHO").size(), 1u);
}

TEST_F(Talk, WhoStopsAtAHundred) {
  for (int i = 0; i < 120; ++i) {
    const std::string name = "P" + std::to_string(i);
    world.entered({SessionId{3, static_cast<uint64_t>(i) + 1},
                   {"g:" + name + ":x", name, true, false},
                   {name, name, {}},
                   false,
                   {},
                   {}});
  }
  const auto who = answerTo(anna, "who");
  EXPECT_EQ(who[0].rfind("122 online:", 0), 0u);
  EXPECT_NE(who[0].find("and 22 more"), std::string::npos);
}

TEST_F(Talk, RoomsAreListedWithTheirNumbers) {
  EXPECT_EQ(answerTo(anna, "rooms"), Texts{"Rooms:\n  lobby (2) you are here\n  garden (0)\n  Tea House (0)"});
}

TEST_F(Talk, JoinAndLeaveExplainThemselves) {
  EXPECT_EQ(answerTo(anna, "/join nowhere"), Texts{"There is no room nowhere. Type rooms for the list."});
  EXPECT_EQ(answerTo(anna, "/join"), Texts{"Join which room? Type rooms for the list."});
  EXPECT_EQ(answerTo(anna, "join lobby"), Texts{"You are in lobby already."});
  EXPECT_EQ(answerTo(anna, "leave"), Texts{"This is where everyone begins. Type quit to end your visit."});
  EXPECT_EQ(answerTo(anna, "join tea house"), Texts{"You are in Tea House. Nobody else is here."});
  EXPECT_EQ(answerTo(anna, "/leave garden"), Texts{"You are not in garden."});
  EXPECT_EQ(answerTo(anna, "leave"), Texts{"You are in lobby. Also here: Bob."});
  type(anna, "/join garden");
  EXPECT_EQ(answerTo(anna, "/leave Garden"), Texts{"You are in lobby. Also here: Bob."});
}

TEST_F(Talk, LookShowsTheRoom) {
  for (const char* line : {"look", "/look", "/l", "/loo"}) {
    EXPECT_EQ(answerTo(anna, line), Texts{"You are in lobby. Also here: Bob."}) << line;
  }
}

TEST_F(Talk, SlashNamesMayBeCutWhileTheyAreClear) {
  EXPECT_EQ(answerTo(anna, "/t x"), Texts{"/t could be /tell, /token."});
  EXPECT_EQ(answerTo(anna, "/foo"), Texts{"There is no command /foo. Type help for the list."});
  EXPECT_EQ(answerTo(anna, "/"), Texts{"There is no command /. Type help for the list."});
  EXPECT_EQ(answerTo(anna, "/roo").size(), 1u);
  const std::string lengthy = answerTo(anna, "/" + std::string(59, 'x') + "äöü").at(0);
  EXPECT_NE(lengthy.find("x…. Type"), std::string::npos) << "cut between characters: " << lengthy;
}

TEST_F(Talk, AnOverlongLineIsRefused) {
  EXPECT_EQ(answerTo(anna, std::string(16 * 1024 + 1, 'x')), Texts{"That line is too long: at most 16384 bytes."});
  EXPECT_EQ(heardBy(bob, anna, std::string(16 * 1024, 'x')).size(), 1u);
}

TEST_F(Talk, HelpListsEveryCommandAndExplainsOne) {
  const std::string all = answerTo(anna, "help").at(0);
  for (const char* name :
       {"say", "emote", "tell", "who", "look", "rooms", "join", "leave", "ignore", "plain", "/token", "help", "quit"}) {
    EXPECT_NE(all.find(std::string("\n  ") + name), std::string::npos) << name;
  }
  EXPECT_EQ(answerTo(anna, "/?"), Texts{all});
  EXPECT_EQ(answerTo(anna, "help emote"), Texts{"emote TEXT\nActs: \"emote waves\" shows \"Anna waves\".\nAlso: /me"});
  EXPECT_EQ(answerTo(anna, "/help /who"), Texts{"who\nLists who is online."});
  EXPECT_EQ(answerTo(anna, "/help foo"), Texts{"There is no command foo."});
}

TEST_F(Talk, QuitSaysGoodbyeThroughTheGateway) {
  EXPECT_TRUE(answerTo(anna, "quit").empty());
  ASSERT_EQ(sink.farewells().size(), 1u);
  EXPECT_EQ(sink.farewells()[0].session, anna);
  EXPECT_EQ(sink.farewells()[0].reason, "clientDisconnect");
  EXPECT_EQ(sink.farewells()[0].text, "Goodbye.");
  type(bob, "/exit");
  EXPECT_EQ(sink.farewells().size(), 2u);
}

TEST_F(Talk, PlainIsSwitchedAndKept) {
  EXPECT_EQ(answerTo(anna, "/plain on"), Texts{"Plain output is on."});
  EXPECT_TRUE(sink.hasPlain(anna));
  EXPECT_TRUE(keptSettings("Anna").plain);
  EXPECT_EQ(answerTo(anna, "plain"), Texts{"Plain output is off."});
  EXPECT_FALSE(sink.hasPlain(anna));
  EXPECT_EQ(answerTo(anna, "plain OFF"), Texts{"Plain output is off."});
  EXPECT_EQ(answerTo(anna, "/plain maybe"), Texts{"Try: plain on, or plain off"});
}

TEST_F(Talk, TokenIsTheSessionsBusiness) {
  EXPECT_EQ(answerTo(anna, "/token"), Texts{"No code can be made for this connection."});
}

class Ignoring : public Talk {};

TEST_F(Ignoring, HidesWhatSomeoneSaysDoesAndTells) {
  EXPECT_EQ(answerTo(anna, "/ignore Bob"), Texts{"You no longer hear Bob. Type ignore remove Bob to change that."});
  EXPECT_TRUE(heardBy(anna, bob, "hello").empty());
  EXPECT_TRUE(heardBy(anna, bob, "emote waves").empty());
  EXPECT_TRUE(heardBy(anna, bob, "join garden").empty());
  EXPECT_EQ(answerTo(bob, "tell Anna hey"), Texts{"Anna does not want to hear from you."});
  EXPECT_TRUE(sink.take(anna).empty());
  EXPECT_EQ(answerTo(anna, "tell Bob hey"), Texts{"You ignore Bob; they could not answer."});
  EXPECT_EQ(heardBy(bob, anna, "/join garden").size(), 1u) << "not the other way round";
}

TEST_F(Ignoring, IsListedRemovedAndKept) {
  EXPECT_EQ(answerTo(anna, "ignore"), Texts{"You ignore nobody."});
  type(anna, "ignore add bob");
  enter("Cleo");
  type(anna, "ignore add CLEO");
  EXPECT_EQ(answerTo(anna, "ignore list"), Texts{"You ignore: Bob, Cleo"});
  EXPECT_EQ(answerTo(anna, "/ignore bob"), Texts{"You ignore Bob already."});
  leave(anna);
  const SessionId again = enter("Anna");
  EXPECT_EQ(answerTo(again, "/ignore"), Texts{"You ignore: Bob, Cleo"});
  EXPECT_TRUE(heardBy(again, bob, "hello").empty());
  EXPECT_EQ(answerTo(again, "ignore remove BOB"), Texts{"You hear Bob again."});
  EXPECT_EQ(heardBy(again, bob, "hello"), Texts{"Bob says: hello"});
  EXPECT_EQ(answerTo(again, "ignore remove Bob"), Texts{"You do not ignore Bob."});
}

TEST_F(Ignoring, CoversAllCharactersOfTheUser) {
  type(anna, "ignore add Bob");
  const SessionId other{8, 8};
  sink.setUser(other, "id-Bob");
  world.entered({other, {"id-Bob", "Bob", false, false}, {"char-Alt", "Alt", {}}, false, {}, {}});
  settle();
  EXPECT_TRUE(heardBy(anna, other, "hello").empty());
}

TEST_F(Ignoring, FindsSomeoneWhoIsOffline) {
  const std::string user = (*registerUser("Dora"))->userId;
  ASSERT_TRUE(create(user, "Dorothea")->ok());
  EXPECT_EQ(answerTo(anna, "/ignore dorothea"),
            Texts{"You no longer hear Dorothea. Type ignore remove Dorothea to change that."});
  EXPECT_EQ(answerTo(anna, "/ignore Nemo"), Texts{"Nobody is called Nemo."});
  EXPECT_EQ(answerTo(anna, "/ignore 1234"), Texts{"Nobody is called 1234."});
  workers.isBroken = true;
  EXPECT_EQ(answerTo(anna, "/ignore Nemo"), Texts{"That does not work right now. Try again in a moment."});
}

TEST_F(Ignoring, AnAnswerForSomeoneWhoHasLeftIsDropped) {
  workers.isHeld = true;
  type(anna, "/ignore Nemo");
  leave(anna);
  workers.release();
  settle();
  EXPECT_TRUE(sink.take(anna).empty());
}

TEST_F(Ignoring, HasLimitsAndRules) {
  EXPECT_EQ(answerTo(anna, "/ignore Anna"), Texts{"You cannot ignore yourself."});
  EXPECT_EQ(answerTo(anna, "/ignore a b c"), Texts{"Try: ignore list, ignore add NAME, ignore remove NAME"});
  for (int i = 0; i < 100; ++i) {
    const std::string name = "P" + std::to_string(i);
    world.entered({SessionId{3, static_cast<uint64_t>(i) + 1},
                   {"g:" + name + ":x", name, true, false},
                   {name, name, {}},
                   false,
                   {},
                   {}});
    type(anna, "/ignore " + name);
  }
  EXPECT_EQ(answerTo(anna, "/ignore Bob"), Texts{"You ignore 100 people already."});
}

}  // namespace
}  // namespace gw::lobby
