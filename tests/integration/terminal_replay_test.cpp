// Terminals that stop reading and die: whoever comes back misses no line, and only what had not arrived
// is told again.

#include <fcntl.h>
#include <openssl/ssl.h>

#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"
#include "support/tls_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

constexpr int kTinyBuffer = 4096;
constexpr int kReadLines = 50;     // read and answered well before the end
constexpr int kUnreadLines = 200;  // many times what the tiny buffer holds
constexpr char kRepeats[] = "(The next lines may repeat some that you have seen.)";
constexpr char kPassword[] = "sesame-open-7";

/// A text client, whatever carries it.
class Terminal {
 public:
  virtual ~Terminal() = default;
  virtual void sendLine(const std::string& line) = 0;
  virtual TcpClient& socket() = 0;
  /// Takes what is there, without waiting, to text_. False at the end of the stream.
  virtual bool receiveNow() = 0;

  /// Everything up to and including `text`.
  std::string expect(const std::string& text) {
    const Deadline deadline(kPatience);
    size_t at = 0;
    while ((at = text_.find(text)) == std::string::npos) {
      const bool isOpen = receiveNow();
      if ((at = text_.find(text)) != std::string::npos) break;
      if (!isOpen || !waitReadable(socket().fd(), deadline))
        throw std::runtime_error("no \"" + text + "\" in \"" + text_ + "\"");
    }
    std::string taken = text_.substr(0, at + text.size());
    text_.erase(0, taken.size());
    return taken;
  }
  /// The network dies; what had arrived until then is read.
  std::string loseNetwork() {
    socket().goDeaf();
    for (size_t had = std::string::npos; had != text_.size();) {
      had = text_.size();
      receiveNow();
    }
    return text_;
  }

 protected:
  void take(std::string_view bytes) { filter_.take(bytes, text_); }

 private:
  TerminalText filter_;
  std::string text_;
};

class Telnet final : public Terminal {
 public:
  explicit Telnet(uint16_t port) : socket_(port, "127.0.0.1", kTinyBuffer) {}
  void sendLine(const std::string& line) override { socket_.send(line + "\r\n"); }
  TcpClient& socket() override { return socket_; }
  bool receiveNow() override {
    std::string bytes;
    const bool isOpen = socket_.receiveNow(bytes);
    take(bytes);
    return isOpen;
  }

 private:
  TcpClient socket_;
};

class WebTerminal final : public Terminal {
 public:
  explicit WebTerminal(uint16_t port) : ws_(port, options()) {}
  void sendLine(const std::string& line) override { ws_.sendFrame(2, line + "\n"); }
  TcpClient& socket() override { return ws_.socket(); }
  bool receiveNow() override {
    while (const auto frame = ws_.receiveNow()) take(frame->payload);
    return !ws_.hasEnded();
  }

 private:
  static WsOptions options() {
    WsOptions out;
    out.subprotocol = "terminal.mudstandards.org";
    out.receiveBuffer = kTinyBuffer;
    return out;
  }
  WsClient ws_;
};

class TlsTelnet final : public Terminal {
 public:
  explicit TlsTelnet(uint16_t port)
      : socket_(port, "127.0.0.1", 4 * kTinyBuffer),
        context_(SSL_CTX_new(TLS_client_method())),
        ssl_(SSL_new(context_)) {
    SSL_set_fd(ssl_, socket_.fd());
    if (SSL_connect(ssl_) != 1) throw std::runtime_error("TLS handshake failed");
    ::fcntl(socket_.fd(), F_SETFL, O_NONBLOCK);
  }
  ~TlsTelnet() override {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  void sendLine(const std::string& line) override {
    const std::string bytes = line + "\r\n";
    SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  }
  TcpClient& socket() override { return socket_; }
  bool receiveNow() override {
    char bytes[16384];
    const int n = SSL_read(ssl_, bytes, sizeof bytes);
    if (n > 0) take({bytes, static_cast<size_t>(n)});
    return n > 0 || SSL_get_error(ssl_, n) == SSL_ERROR_WANT_READ;
  }

 private:
  TcpClient socket_;
  SSL_CTX* context_;
  SSL* ssl_;
};

/// The numbers of the whole lines "mark N: ...." in a text.
std::vector<int> marksIn(const std::string& text) {
  std::vector<int> marks;
  for (size_t at = text.find("mark "); at != std::string::npos; at = text.find("mark ", at + 1)) {
    const size_t end = text.find('\n', at);
    if (end == std::string::npos) break;
    if (text.compare(end - 1, 1, "#") == 0) marks.push_back(std::atoi(text.c_str() + at + 5));
  }
  return marks;
}

enum class Death { kReset, kClose, kSilence };

void die(Terminal& terminal, Death how) {
  if (how == Death::kReset) terminal.socket().reset();
  if (how == Death::kClose) terminal.socket().close();
}

}  // namespace

class TerminalReplay : public GatewayTest {
 protected:
  void SetUp() override { launch(); }

  /// Says "mark N: .....#" for the next `count` numbers.
  void say(int count) {
    for (int i = 0; i < count; ++i)
      speaker().command("say mark " + std::to_string(++said_) + ": " + std::string(300, '.') + "#");
    speaker().expect("You say: mark " + std::to_string(said_) + ": ");
    speaker().events().clear();
  }
  V1Client& speaker() {
    if (!speaker_) {
      speaker_ = std::make_unique<V1Client>(gateway().httpPort());
      speaker_->enterAsGuest();
    }
    return *speaker_;
  }
  void stopAndStart() {
    speaker_.reset();
    ASSERT_EQ(gateway().stop(), 0) << gateway().log();
    gateway().start();
  }
  void killAndStart() {
    speaker_.reset();
    gateway().kill();
    gateway().start();
  }

  static std::string codeOf(Terminal& terminal) {
    terminal.sendLine("/token");
    terminal.expect("Your code: ");
    std::string code = terminal.expect("\n");
    code.pop_back();
    return code;
  }

  /// Reads some lines and answers, stops reading while more are said, and dies. Answers the last line seen.
  int readAndDie(Terminal& terminal, Death how) {
    (void)speaker();
    say(kReadLines);
    terminal.expect("mark " + std::to_string(kReadLines) + ": ");
    terminal.sendLine("say I can read");
    terminal.expect("You say: I can read\n");
    say(kUnreadLines);
    const std::vector<int> unread = marksIn(terminal.loseNetwork());
    EXPECT_LT(unread.size(), static_cast<size_t>(kUnreadLines));
    die(terminal, how);
    return unread.empty() ? kReadLines : unread.back();
  }

  /// What is told from here on: nothing missing, in order, and nothing up to `arrived`.
  void expectTheRest(Terminal& terminal, int lastSeen, int arrived = kReadLines) {
    say(1);
    terminal.expect(kRepeats);
    std::string told = terminal.expect("mark " + std::to_string(said_) + ": ");
    told += terminal.expect("\n");
    EXPECT_EQ(told.find("were lost"), std::string::npos) << told.substr(0, 500);
    const std::vector<int> marks = marksIn(told);
    ASSERT_FALSE(marks.empty());
    EXPECT_LE(marks.front(), lastSeen + 1) << "lines are missing";
    EXPECT_GT(marks.front(), arrived) << "lines are repeated that had arrived";
    for (size_t i = 1; i < marks.size(); ++i) EXPECT_EQ(marks[i], marks[i - 1] + 1);
    EXPECT_EQ(marks.back(), said_);
  }

  void deadTerminalContinuesByCode(std::unique_ptr<Terminal> first, std::unique_ptr<Terminal> second, Death how) {
    enterAsGuest(*first);
    const std::string code = codeOf(*first);
    const int lastSeen = readAndDie(*first, how);
    byCode(*second, code);
    expectTheRest(*second, lastSeen);
  }

  static void enterAsGuest(Terminal& terminal) {
    terminal.expect("Name: ");
    terminal.sendLine("guest");
    terminal.expect("You are in lobby");
    terminal.expect("\n");
  }
  static void byCode(Terminal& terminal, const std::string& code) {
    terminal.expect("Name: ");
    terminal.sendLine("reconnect " + code);
    terminal.expect("You are back.\n");
  }
  static void enterAsNew(Terminal& terminal, const std::string& name) {
    terminal.expect("Name: ");
    terminal.sendLine("new");
    terminal.expect("Choose a name");
    terminal.sendLine(name);
    terminal.expect("Choose a password");
    terminal.sendLine(kPassword);
    terminal.expect("The same password again");
    terminal.sendLine(kPassword);
    terminal.expect("Name your character");
    terminal.sendLine(name);
    terminal.expect("You are in lobby");
  }
  static void byPassword(Terminal& terminal, const std::string& name) {
    terminal.expect("Name: ");
    terminal.sendLine(name);
    terminal.expect("Password: ");
    terminal.sendLine(kPassword);
    terminal.expect("You take over your session.\n");
  }
  std::unique_ptr<Terminal> telnet() { return std::make_unique<Telnet>(gateway().telnetPort()); }
  std::unique_ptr<Terminal> webTerminal() { return std::make_unique<WebTerminal>(gateway().httpPort()); }

  int said_ = 0;

 private:
  std::unique_ptr<V1Client> speaker_;
};

class StrictTerminalReplay : public TerminalReplay {
 protected:
  void SetUp() override { launch(R"({"store": {"durability": "strict"}})"); }
};

TEST_F(TerminalReplay, ATypedCodeAfterAResetGoesOnWhereTelnetWas) {
  deadTerminalContinuesByCode(telnet(), telnet(), Death::kReset);
}

TEST_F(TerminalReplay, ATypedCodeAfterACloseGoesOnWhereTelnetWas) {
  deadTerminalContinuesByCode(telnet(), telnet(), Death::kClose);
}

TEST_F(TerminalReplay, ATypedCodeGoesOnWhereATelnetWasThatHangs) {
  deadTerminalContinuesByCode(telnet(), telnet(), Death::kSilence);
}

TEST_F(TerminalReplay, ATypedCodeAfterAResetGoesOnWhereTheWebTerminalWas) {
  deadTerminalContinuesByCode(webTerminal(), webTerminal(), Death::kReset);
}

TEST_F(TerminalReplay, ATypedCodeGoesOnFromAHangingWebTerminalToTelnet) {
  deadTerminalContinuesByCode(webTerminal(), telnet(), Death::kSilence);
}

TEST_F(TerminalReplay, AnIdleTerminalThatHasEverythingIsToldNothingAgain) {
  auto first = telnet();
  enterAsGuest(*first);
  const std::string code = codeOf(*first);
  say(3);
  first->expect("mark 3: ");
  first->sendLine("say I can read");
  first->expect("You say: I can read\n");
  first->socket().reset();
  auto second = telnet();
  byCode(*second, code);
  say(1);
  const std::string told = second->expect("mark 4: ");
  EXPECT_EQ(marksIn(told + "#\n"), std::vector<int>{4}) << told;
}

TEST_F(TerminalReplay, ALoginFromAnotherTerminalGoesOnWhereTheDeadOneWas) {
  auto first = telnet();
  enterAsNew(*first, "Jakob");
  const int lastSeen = readAndDie(*first, Death::kSilence);
  auto second = telnet();
  byPassword(*second, "Jakob");
  expectTheRest(*second, lastSeen);
}

TEST_F(TerminalReplay, EachOfThreeTerminalsInARowGoesOnWhereTheLastOneWas) {
  auto first = telnet();
  enterAsNew(*first, "Klara");
  const int lastSeen = readAndDie(*first, Death::kReset);
  auto second = telnet();
  byPassword(*second, "Klara");
  expectTheRest(*second, lastSeen);
  second->sendLine("say I am here");
  second->expect("You say: I am here\n");
  second->socket().reset();
  auto third = telnet();
  byPassword(*third, "Klara");
  say(1);
  const std::string told = third->expect("mark " + std::to_string(said_) + ": ");
  EXPECT_EQ(marksIn(told + "#\n"), std::vector<int>{said_}) << told.substr(0, 500);
}

TEST_F(TerminalReplay, ATypedCodeGoesOnAcrossACleanRestart) {
  auto first = telnet();
  enterAsGuest(*first);
  const std::string code = codeOf(*first);
  const int lastSeen = readAndDie(*first, Death::kReset);
  stopAndStart();
  auto second = telnet();
  byCode(*second, code);
  expectTheRest(*second, lastSeen);
}

// The terminal is still attached when the gateway stops.
TEST_F(TerminalReplay, ALoginGoesOnAcrossACleanRestartThatCutATerminalOff) {
  auto first = telnet();
  enterAsNew(*first, "Lena");
  const int lastSeen = readAndDie(*first, Death::kSilence);
  stopAndStart();
  auto second = telnet();
  byPassword(*second, "Lena");
  expectTheRest(*second, lastSeen);
}

// The store's cursor may be older than the last one: more is repeated, nothing is missing.
TEST_F(StrictTerminalReplay, ALoginMissesNothingAcrossACrash) {
  auto first = telnet();
  enterAsNew(*first, "Lukas");
  const int lastSeen = readAndDie(*first, Death::kSilence);
  killAndStart();
  auto second = telnet();
  byPassword(*second, "Lukas");
  expectTheRest(*second, lastSeen, 0);
}

TEST_F(StrictTerminalReplay, ATypedCodeAfterAResetGoesOnWhereTelnetWas) {
  deadTerminalContinuesByCode(telnet(), telnet(), Death::kReset);
}

TEST_F(TerminalReplay, ABrowserThatTakesOverATerminalMissesNothing) {
  auto first = telnet();
  enterAsNew(*first, "Moritz");
  const int lastSeen = readAndDie(*first, Death::kSilence);
  V1Client browser(gateway().httpPort());
  browser.login("Moritz", kPassword);
  browser.expect("You take over your session.");
  say(1);
  int last = 0;
  while (last < said_) {
    const auto event = browser.next();
    ASSERT_TRUE(event) << "closed with " << browser.closeCode();
    EXPECT_NE(event->value("event", ""), "gap") << *event;
    if (!event->contains("position")) continue;
    const std::vector<int> marks = marksIn(event->at("payload").value("text", "") + "\n");
    if (marks.empty()) continue;
    if (last == 0)
      EXPECT_LE(marks.front(), lastSeen + 1);
    else
      EXPECT_EQ(marks.front(), last + 1);
    last = marks.front();
  }
  EXPECT_EQ(browser.duplicates(), 0u);
}

// The log holds 1,000 events: a terminal that reads keeps it short without being asked.
TEST_F(TerminalReplay, ATerminalThatReadsDoesNotLetItsLogFill) {
  auto first = telnet();
  enterAsNew(*first, "Nora");
  (void)speaker();
  for (int i = 0; i < 12; ++i) {
    say(25);
    first->expect("mark " + std::to_string(said_) + ": ");
    first->sendLine("say I can read");
    first->expect("You say: I can read\n");
  }
  V1Client browser(gateway().httpPort());
  browser.login("Nora", kPassword);
  browser.expect("You take over your session.");
  say(1);
  int replayed = 0;
  for (int last = 0; last < said_;) {
    const auto event = browser.next();
    ASSERT_TRUE(event);
    if (!event->contains("position")) continue;
    const std::vector<int> marks = marksIn(event->at("payload").value("text", "") + "\n");
    if (marks.empty()) continue;
    last = marks.front();
    ++replayed;
  }
  EXPECT_LT(replayed, 100);
}

class TlsTerminalReplay : public TerminalReplay {
 protected:
  void SetUp() override {
    const Json listen{{"bind", "127.0.0.1"}, {"port", 0}};
    const Json tls{{"certificateFile", certificates_.file("cert.pem")}, {"keyFile", certificates_.file("cert.key")}};
    const Json patch{{"accounts",
                      {{{"channel", "telnet"}, {"account", "tls"}, {"listen", listen}, {"tls", tls}},
                       {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}}}}};
    launch(patch.dump());
  }
  std::unique_ptr<Terminal> tlsTelnet() { return std::make_unique<TlsTelnet>(gateway().portOf("telnet:tls")); }

 private:
  TestCertificates certificates_;
};

TEST_F(TlsTerminalReplay, ATypedCodeAfterAResetGoesOnWhereTelnetWas) {
  deadTerminalContinuesByCode(tlsTelnet(), tlsTelnet(), Death::kReset);
}

TEST_F(TlsTerminalReplay, ATypedCodeGoesOnWhereATelnetWasThatHangs) {
  deadTerminalContinuesByCode(tlsTelnet(), tlsTelnet(), Death::kSilence);
}

}  // namespace gw::test
