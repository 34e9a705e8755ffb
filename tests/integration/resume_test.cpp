// Connections die at random points; sessions go on, and nobody misses or sees twice anything.

#include <random>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

unsigned seedOfRun() {
  const char* given = std::getenv("GW_TEST_SEED");
  const unsigned seed = given ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  std::cerr << "GW_TEST_SEED=" << seed << std::endl;
  return seed;
}

/// What a client has seen of the numbered lines "mark N." over all its connections.
class Seen {
 public:
  void take(Position at, const std::string& text) {
    if (at.seq == 0) return;
    if (at <= highest_)
      return problem("doubled or out of order: " + at.toString() + " after " + highest_.toString() + ": " + text);
    highest_ = at;
    const size_t mark = text.find("mark ");
    if (mark == std::string::npos) return;
    const int number = std::atoi(text.c_str() + mark + 5);
    if (number != last_ + 1) problem("line " + std::to_string(number) + " after line " + std::to_string(last_));
    last_ = number;
  }
  void takeEvent(const Json& event) {
    if (event.value("event", "") == "gap") problem("gap: " + event.dump());
    if (event.contains("position"))
      take(Position::parse(event.at("position").get<std::string>()), event.at("payload").value("text", ""));
  }
  void takeEvent(const SseEvent& event) {
    if (event.event == "gap") problem("gap: " + event.data);
    if (!event.id.empty()) take(Position::parse(event.id), Json::parse(event.data).value("text", ""));
  }
  Position highest() const { return highest_; }
  int last() const { return last_; }
  const std::string& problems() const { return problems_; }

 private:
  void problem(const std::string& what) { problems_ += what + "\n"; }
  Position highest_;
  int last_ = 0;
  std::string problems_;
};

/// Says "mark 1.", "mark 2.", ...
class Speaker {
 public:
  explicit Speaker(uint16_t port) : client_(port) { client_.enterAsGuest(); }
  void say(int count) {
    for (int i = 0; i < count; ++i) client_.command("say mark " + std::to_string(++last_) + ".");
    client_.poll();
    client_.events().clear();
  }
  int last() const { return last_; }

 private:
  V1Client client_;
  int last_ = 0;
};

struct Ticket {
  std::string token;
  int attempts = 0;
};

}  // namespace

class Resume : public GatewayTest {
 protected:
  /// A connection that reads a random number of bytes of its stream and dies there, perhaps in hello-ok.
  void dieOnWebSocket(Ticket& ticket, Seen& seen, std::mt19937& random, Speaker& speaker) {
    V1Client client(gateway().httpPort());
    const std::string attempt = "a" + std::to_string(ticket.attempts);
    const Json params{{"resume",
                       {{"token", ticket.token},
                        {"attempt", attempt},
                        {"epoch", seen.highest().epoch},
                        {"lastSeq", seen.highest().seq}}}};
    if (random() % 4 == 0) {
      // Gone before the answer: the same attempt comes again on the next connection.
      client.send("connect", params);
      if (random() % 2) {
        std::string some;
        client.ws().socket().receive(some, Deadline(kPatience), 1 + random() % 300);
      }
      return kill(client.ws().socket(), random);
    }
    const Json hello = client.request("connect", params);
    ASSERT_TRUE(hello.at("session").at("resumed")) << hello;
    ticket.token = client.reconnectToken();
    ++ticket.attempts;
    if (random() % 2)
      client.request(
          "ack",
          {{"epoch", seen.highest().epoch}, {"seq", seen.highest().seq}, {"connId", hello.at("server").at("connId")}});
    speaker.say(static_cast<int>(random() % 4));
    const size_t wanted = random() % 6;
    for (size_t i = 0; i < wanted && seen.last() < speaker.last(); ++i) {
      const auto event = client.next();
      ASSERT_TRUE(event) << "closed with " << client.closeCode();
      seen.takeEvent(*event);
    }
    kill(client.ws().socket(), random);
  }

  void dieOnSse(Ticket& ticket, Seen& seen, std::mt19937& random, Speaker& speaker) {
    RpcClient rpc(gateway().httpPort());
    const Json hello = rpc.connect({{"resume",
                                     {{"token", ticket.token},
                                      {"attempt", "a" + std::to_string(ticket.attempts)},
                                      {"epoch", seen.highest().epoch},
                                      {"lastSeq", seen.highest().seq}}}});
    ticket.token = hello.at("session").at("reconnectToken");
    ++ticket.attempts;
    // One access token serves several streams, as EventSource reconnects by itself.
    for (unsigned streams = 1 + random() % 2; streams > 0; --streams) {
      SseStream stream(gateway().httpPort(), rpc.accessToken(), seen.highest().toString());
      ASSERT_EQ(stream.status(), 200);
      speaker.say(static_cast<int>(random() % 4));
      const size_t wanted = random() % 6;
      for (size_t i = 0; i < wanted && seen.last() < speaker.last(); ++i) {
        const auto event = stream.next();
        ASSERT_TRUE(event);
        seen.takeEvent(*event);
      }
      kill(stream.socket(), random);
    }
  }

  static void kill(TcpClient& socket, std::mt19937& random) {
    if (random() % 2)
      socket.reset();
    else
      socket.close();
  }

  void manyDeaths(int rounds) {
    const unsigned seed = seedOfRun();
    std::mt19937 random(seed);
    Speaker speaker(gateway().httpPort());
    Seen seen;
    Ticket ticket;
    {
      V1Client first(gateway().httpPort());
      const Json hello = first.enterAsGuest();
      ticket.token = first.reconnectToken();
      speaker.say(1);
      while (seen.last() < 1) seen.takeEvent(*first.next());
      first.ws().socket().reset();
    }
    for (int round = 0; round < rounds && seen.problems().empty() && !HasFatalFailure(); ++round) {
      SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
      speaker.say(static_cast<int>(random() % 3));
      if (random() % 2)
        dieOnWebSocket(ticket, seen, random, speaker);
      else
        dieOnSse(ticket, seen, random, speaker);
    }
    ASSERT_EQ(seen.problems(), "") << "seed " << seed;
    if (HasFatalFailure()) return;
    V1Client last(gateway().httpPort());
    last.resume(ticket.token, "a" + std::to_string(ticket.attempts), seen.highest());
    speaker.say(1);
    while (seen.last() < speaker.last()) {
      const auto event = last.next();
      ASSERT_TRUE(event) << "closed with " << last.closeCode();
      seen.takeEvent(*event);
    }
    EXPECT_EQ(seen.problems(), "") << "seed " << seed;
    EXPECT_EQ(last.duplicates(), 0u);
  }
};

TEST_F(Resume, TwoHundredDeathsOnWebSocketAndSseLoseAndDoubleNothing) {
  launch();
  manyDeaths(200);
}

// Two loops: sessions, users and the connections that come back live on different threads.
TEST_F(Resume, DeathsAcrossTwoLoopsLoseAndDoubleNothing) {
  launch(R"({"loops": 2})");
  for (int visit = 0; visit < 4 && !HasFailure(); ++visit) manyDeaths(25);
}

TEST_F(Resume, SessionsFromSeveralLoopsAreTakenOverByTelnetAndBack) {
  launch(R"({"loops": 2})");
  V1Client speaker(gateway().httpPort());
  speaker.enterAsGuest();
  for (int i = 0; i < 6; ++i) {
    SCOPED_TRACE(i);
    const std::string name = std::string("Frida") + static_cast<char>('a' + i);
    // Registrations are counted by address.
    WsOptions from;
    from.source = "127.0.1." + std::to_string(i + 1);
    V1Client ws(gateway().httpPort(), from);
    ws.enterAsNew(name, "sesame-open-7");
    ws.expect("You are in lobby.");
    TelnetClient telnet(gateway().telnetPort());
    telnet.expect("Name: ");
    telnet.sendLine(name);
    telnet.expect("Password: ");
    telnet.sendLine("sesame-open-7");
    telnet.expect("You take over your session.\n");
    speaker.command("say round " + std::to_string(i));
    telnet.expect("says: round " + std::to_string(i) + "\n");
    ws.expect("says: round " + std::to_string(i));
    const std::string token = ws.reconnectToken();
    const Position at = ws.position();
    ws.ws().socket().reset();
    telnet.socket().reset();
    V1Client back(gateway().httpPort());
    EXPECT_EQ(back.resume(token, "x", at).at("session").at("resumed"), true);
    back.command("say back again");
    telnet.pending();
    speaker.expect(name + " says: back again");
    EXPECT_EQ(back.duplicates(), 0u);
  }
}

TEST_F(Resume, ATokenSpentByAnotherAttemptIsRefusedAndItsReuseRevokesTheRest) {
  launch();
  V1Client first(gateway().httpPort());
  first.enterAsGuest();
  const std::string old = first.reconnectToken();
  first.ws().socket().reset();
  V1Client second(gateway().httpPort());
  const Json hello = second.resume(old, "mine", {});
  second.request("ack", {{"epoch", 1}, {"seq", 1}, {"connId", hello.at("server").at("connId")}});
  second.command("/token");
  const std::string told = second.expect("Your code: ").at("payload").at("text");
  const std::string code = told.substr(told.find(": ") + 2, 10);
  V1Client thief(gateway().httpPort());
  const Json refused =
      thief.tryRequest("connect", {{"resume", {{"token", old}, {"attempt", "theirs"}, {"epoch", 0}, {"lastSeq", 0}}}});
  EXPECT_EQ(refused.at("error").at("code"), "UNAUTHORIZED") << refused;
  second.ws().socket().reset();
  V1Client after(gateway().httpPort());
  const Json revoked = after.tryRequest(
      "connect", {{"resume", {{"token", second.reconnectToken()}, {"attempt", "m2"}, {"epoch", 0}, {"lastSeq", 0}}}});
  EXPECT_EQ(revoked.at("error").at("code"), "UNAUTHORIZED") << revoked;
  gateway().waitForLog("a reconnect token was used after it had been replaced");
  TelnetClient byCode(gateway().telnetPort());
  byCode.expect("Name: ");
  byCode.sendLine("reconnect " + code);
  byCode.expect("That code is not known, or it has expired.\n");
}

TEST_F(Resume, OfTenRacersWithOneTokenExactlyOneWins) {
  launch(R"({"loops": 2})");
  V1Client first(gateway().httpPort());
  first.enterAsGuest();
  const std::string token = first.reconnectToken();
  first.ws().socket().reset();
  std::vector<std::unique_ptr<V1Client>> racers;
  for (int i = 0; i < 10; ++i) racers.push_back(std::make_unique<V1Client>(gateway().httpPort()));
  int won = 0;
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i)
    racers[static_cast<size_t>(i)]->send(
        "connect",
        {{"resume", {{"token", token}, {"attempt", "r" + std::to_string(i)}, {"epoch", 0}, {"lastSeq", 0}}}});
  for (auto& racer : racers) {
    // Its own request's answer is the first; a ping's tells that it has come.
    const Json answer = racer->tryRequest("ping");
    won += racer->session().contains("reconnectToken") ? 1 : 0;
    (void)answer;
  }
  EXPECT_EQ(won, 1);
}

TEST_F(Resume, ATypedCodeContinuesTheSessionOnAnotherTelnetConnection) {
  launch();
  V1Client speaker(gateway().httpPort());
  speaker.enterAsGuest();
  TelnetClient first(gateway().telnetPort());
  const std::string name = first.enterAsGuest();
  first.sendLine("/token");
  first.expect("Your code: ");
  std::string code = first.expect("\n");
  code.pop_back();
  EXPECT_EQ(code.size(), 10u) << code;
  first.socket().reset();
  speaker.command("say while you were away");
  TelnetClient second(gateway().telnetPort());
  second.expect("Name: ");
  second.sendLine("reconnect " + code);
  second.expect("You are back.");
  second.expect("says: while you were away\n");
  second.sendLine("say there I am");
  speaker.expect(name + " says: there I am");
  // Single use.
  TelnetClient third(gateway().telnetPort());
  third.expect("Name: ");
  third.sendLine("reconnect " + code);
  third.expect("That code is not known, or it has expired.\n");
}

TEST_F(Resume, WhoGuessesAtTypedCodesIsMadeToWaitAcrossConnections) {
  launch();
  TelnetClient guesser(gateway().telnetPort());
  for (int i = 0; i < 5; ++i) {
    guesser.expect("Name: ");
    guesser.sendLine("reconnect 0123456789");
    guesser.expect("That code is not known, or it has expired.\n");
  }
  TelnetClient again(gateway().telnetPort());
  again.expect("Name: ");
  again.sendLine("reconnect 0123456789");
  again.expect("Too many tries.");
  EXPECT_EQ(gateway().gwctlJson({"status"}).at("refused").at("typedCodes"), 1);
}

TEST_F(Resume, ANewGameSessionTakesTheCharacterOverAndClosesTheOlderConnectionWith4000) {
  launch();
  V1Client first(gateway().httpPort());
  first.enterAsNew("Gustav", "sesame-open-7", {{"gameSession", "g1"}});
  V1Client second(gateway().httpPort());
  const Json hello = second.login("Gustav", "sesame-open-7", {{"gameSession", "g2"}});
  EXPECT_EQ(hello.at("session").at("resumed"), true);
  EXPECT_EQ(hello.at("session").at("id"), first.session().at("id"));
  second.expect("You take over your session.");
  first.expectEvent("session.replaced");
  EXPECT_EQ(first.readToClose(), 4000);
  second.command("say mine now");
  second.expect("You say: mine now");
}

TEST_F(Resume, TheWrongPasswordTakesNothingOver) {
  launch();
  V1Client first(gateway().httpPort());
  first.enterAsNew("Helga", "sesame-open-7");
  TelnetClient thief(gateway().telnetPort());
  thief.expect("Name: ");
  thief.sendLine("Helga");
  thief.expect("Password: ");
  thief.sendLine("sesame-open-8");
  const std::string seen = thief.expect("Name: ");
  EXPECT_EQ(seen.find("take over"), std::string::npos) << seen;
  first.command("say still me");
  first.expect("You say: still me");
}

}  // namespace gw::test
