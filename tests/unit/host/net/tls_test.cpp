#include "net/tls.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "unit/host/net/tls_fixture.h"

namespace gw::net {
namespace {

using test::Identity;
using test::RecordingHandler;
using test::TlsClient;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    test::makeIdentity(server_, "first.example");
    pem_.write("cert.pem", "key.pem", server_);
  }
  TlsFiles files(const std::string& ca = "") {
    return {pem_.path("cert.pem"), pem_.path("key.pem"), ca.empty() ? "" : pem_.path(ca)};
  }
  void serve(const TlsFiles& files) {
    auto loaded = TlsContext::load(files);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    context_ = *loaded;
  }
  int accept(int bufferBytes = 0) {
    const auto [server, client] = test::tcpPair(bufferBytes);
    handler_ = std::make_unique<RecordingHandler>();
    connection_ = std::make_unique<Connection>(loop_, server, PeerAddress{}, limits_, context_->newSession(server));
    connection_->start(*handler_);
    return client;
  }
  bool until(const std::function<bool()>& condition) { return test::turnUntil(loop_, condition); }
  bool connect(TlsClient& client) {
    bool done = false;
    until([&] { return (done = done || client.handshake()) || client.hasFailed(); });
    return done;
  }

  test::PemFolder pem_;
  Identity server_;
  ConnectionLimits limits_;
  EventLoop loop_;
  std::shared_ptr<TlsContext> context_;
  std::unique_ptr<RecordingHandler> handler_;
  std::unique_ptr<Connection> connection_;
};

// A record that is not wholly there can not be read: none of its bytes count.
TEST_F(TlsTest, CountsTheAcknowledgedPlaintextByWholeRecords) {
  serve(files());
  TlsClient client(accept(16'384));
  connection_->trackAcknowledged();
  ASSERT_TRUE(connect(client));
  for (int i = 0; i < 100; ++i) {
    connection_->send(std::string(1000, 'x'));
    loop_.runOnce(0);
  }
  ASSERT_TRUE(until([&] { return connection_->queuedBytes() > 0 && connection_->acknowledgedBytes() > 0; }));
  client.peer().goDeaf();
  size_t arrived = 0;
  for (std::string more; !(more = client.read()).empty();) arrived += more.size();
  EXPECT_LT(arrived, 100'000u);
  EXPECT_TRUE(until([&] { return connection_->acknowledgedBytes() == arrived; }))
      << connection_->acknowledgedBytes() << " instead of " << arrived;
}

TEST_F(TlsTest, CarriesBytesBothWaysAndSaysGoodbye) {
  serve(files());
  TlsClient client(accept());
  connection_->send("queued before the handshake ");
  ASSERT_TRUE(connect(client));
  EXPECT_TRUE(connection_->isTls());
  EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.3");
  client.write("hello");
  ASSERT_TRUE(until([&] { return handler_->input == "hello"; }));
  connection_->send("world");
  std::string got;
  ASSERT_TRUE(until([&] {
    got += client.read();
    return got == "queued before the handshake world";
  }));
  connection_->send("bye");
  connection_->close(2000);
  ASSERT_TRUE(until([&] {
    got += client.read();
    return client.sawCloseNotify();
  }));
  EXPECT_TRUE(got.ends_with("bye"));
  client.peer().close();
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kLocal);
}

TEST_F(TlsTest, MovesMegabytesBothWaysThroughFullBuffers) {
  limits_.softBytes = 1 << 20;
  serve(files());
  TlsClient client(accept());
  ASSERT_TRUE(connect(client));
  std::string big;
  for (int i = 0; i < 300'000; ++i) big += static_cast<char>('a' + i % 23);
  std::string sentOut;
  const SharedBytes body(big);
  for (int i = 0; i < 6; ++i) {
    connection_->sendUnit("<head>", body, "<tail>");
    connection_->send("small");
    sentOut += "<head>" + big + "<tail>small";
  }
  std::string got;
  size_t written = 0;
  ASSERT_TRUE(until([&] {
    got += client.read();
    if (written < big.size()) written += client.write(std::string_view(big).substr(written));
    return got.size() == sentOut.size() && handler_->input.size() == big.size();
  }));
  EXPECT_TRUE(got == sentOut);
  EXPECT_TRUE(handler_->input == big);
  EXPECT_EQ(connection_->writtenBytes(), sentOut.size());
  EXPECT_EQ(connection_->readBytes(), big.size());
}

TEST_F(TlsTest, ReadsWhatIsDecryptedThoughTheSocketIsEmpty) {
  limits_.unreadBytes = 100;  // far below a record: the rest waits inside OpenSSL
  serve(files());
  TlsClient client(accept());
  ASSERT_TRUE(connect(client));
  std::string sent(16'000, 'r');
  client.write(sent);
  ASSERT_TRUE(until([&] { return handler_->input.size() == sent.size(); }));
}

TEST_F(TlsTest, TreatsAnAbruptEndAsEof) {
  serve(files());
  TlsClient client(accept());
  ASSERT_TRUE(connect(client));
  client.write("last words");
  client.peer().finish();  // no close_notify
  ASSERT_TRUE(until([&] { return handler_->eofs == 1; }));
  EXPECT_EQ(handler_->input, "last words");
}

TEST_F(TlsTest, EndsAHandshakeThatTakesTooLong) {
  limits_.tlsHandshakeMs = 40;
  serve(files());
  test::Peer silent(accept());
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kTimeout);
}

TEST_F(TlsTest, ClosingDuringTheHandshakeEndsAtOnce) {
  serve(files());
  test::Peer silent(accept());
  connection_->close(60'000);
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kLocal);
}

TEST_F(TlsTest, RefusesPlaintext) {
  serve(files());
  test::Peer plain(accept());
  plain.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kError);
  EXPECT_NE(handler_->error, "");
}

TEST_F(TlsTest, EndsWhenThePeerLeavesDuringTheHandshake) {
  serve(files());
  test::Peer peer(accept());
  peer.write("\x16\x03\x01");
  peer.close();
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kPeer);
}

TEST_F(TlsTest, SpeaksTls12ButNothingOlder) {
  serve(files());
  {
    TlsClient client(accept(), TLS1_2_VERSION);
    ASSERT_TRUE(connect(client));
    EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.2");
    connection_.reset();
  }
  TlsClient old(accept(), TLS1_1_VERSION);
  EXPECT_FALSE(connect(old));
  EXPECT_TRUE(old.hasFailed());
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kError);
}

TEST_F(TlsTest, RefusesRenegotiation) {
  serve(files());
  TlsClient client(accept(), TLS1_2_VERSION);
  ASSERT_TRUE(connect(client));
  SSL_renegotiate(client.ssl());
  EXPECT_TRUE(until([&] {
    client.handshake();
    return client.hasFailed();  // the server answers with an alert
  }));
  EXPECT_EQ(handler_->input, "");
}

TEST_F(TlsTest, ReloadServesTheNewCertificateToNewSessionsOnly) {
  serve(files());
  TlsClient before(accept());
  ASSERT_TRUE(connect(before));
  auto old = std::move(connection_);
  auto oldHandler = std::move(handler_);
  Identity renewed;
  test::makeIdentity(renewed, "second.example");
  pem_.write("cert.pem", "key.pem", renewed);
  ASSERT_TRUE(context_->reload().ok());
  TlsClient after(accept());
  ASSERT_TRUE(connect(after));
  EXPECT_EQ(before.serverName(), "first.example");
  EXPECT_EQ(after.serverName(), "second.example");
  before.write("still here");
  EXPECT_TRUE(until([&] { return oldHandler->input == "still here"; }));
}

TEST_F(TlsTest, TicketsOutliveAReload) {
  serve(files());
  TlsClient first(accept());
  ASSERT_TRUE(connect(first));
  connection_->send("x");
  ASSERT_TRUE(until([&] { return first.read() == "x"; }));  // the tickets came before it
  SSL_SESSION* session = SSL_get1_session(first.ssl());
  ASSERT_TRUE(context_->reload().ok());
  connection_.reset();
  TlsClient second(accept());
  SSL_set_session(second.ssl(), session);
  ASSERT_TRUE(connect(second));
  EXPECT_EQ(SSL_session_reused(second.ssl()), 1);
  SSL_SESSION_free(session);
}

TEST_F(TlsTest, AFailedReloadKeepsTheOldCertificateAndNamesTheFile) {
  serve(files());
  Identity other;
  test::makeIdentity(other, "other.example");
  pem_.write("unused.pem", "key.pem", other);  // a key that does not fit
  const auto reloaded = context_->reload();
  ASSERT_FALSE(reloaded.ok());
  EXPECT_EQ(reloaded.error().code, ErrorCode::kInvalid);
  EXPECT_NE(reloaded.error().message.find("key.pem: "), std::string::npos) << reloaded.error().message;
  TlsClient client(accept());
  ASSERT_TRUE(connect(client));
  EXPECT_EQ(client.serverName(), "first.example");
}

TEST_F(TlsTest, NamesTheFileThatIsMissingOrWrong) {
  TlsFiles wrong = files();
  wrong.certificateFile = pem_.path("absent.pem");
  auto result = TlsContext::load(wrong);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(result.error().message, "TLS certificate " + wrong.certificateFile + ": No such file or directory");
  std::ofstream(pem_.path("garbage.pem")) << "not a key";
  wrong = files();
  wrong.keyFile = pem_.path("garbage.pem");
  EXPECT_NE(TlsContext::load(wrong).error().message.find("TLS key " + wrong.keyFile), std::string::npos);
  wrong = files();
  wrong.clientCaFile = pem_.path("absent.pem");
  EXPECT_NE(TlsContext::load(wrong).error().message.find("TLS client CA "), std::string::npos);
}

TEST_F(TlsTest, AnEncryptedKeyFailsInsteadOfAsking) {
  FILE* file = std::fopen(pem_.path("key.pem").c_str(), "w");
  char secret[] = "secret";
  PEM_write_PrivateKey(file, server_.key, EVP_aes_128_cbc(), nullptr, 0, nullptr, secret);
  std::fclose(file);
  EXPECT_FALSE(TlsContext::load(files()).ok());
}

TEST_F(TlsTest, AsksForAClientCertificateOfTheGivenCaOnly) {
  Identity ca, good, stranger;
  test::makeIdentity(ca, "clients");
  test::makeIdentity(good, "friend", &ca);
  test::makeIdentity(stranger, "stranger");
  pem_.write("ca.pem", "ca_key.pem", ca);
  serve(files("ca.pem"));
  {
    TlsClient client(accept(), 0, &good);
    ASSERT_TRUE(connect(client));
    client.write("hello");
    ASSERT_TRUE(until([&] { return handler_->input == "hello"; }));
    connection_.reset();
  }
  {
    TlsClient none(accept());
    connect(none);  // TLS 1.3: the client is done before the server has judged it
    ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
    EXPECT_EQ(handler_->cause, CloseCause::kError);
    connection_.reset();
  }
  TlsClient other(accept(), 0, &stranger);
  connect(other);
  ASSERT_TRUE(until([&] { return handler_->closes == 1; }));
  EXPECT_EQ(handler_->cause, CloseCause::kError);
}

TEST_F(TlsTest, MovesToAnotherLoopInMidStream) {
  serve(files());
  TlsClient client(accept());
  ASSERT_TRUE(connect(client));
  connection_->send(std::string(100'000, 'x'));
  connection_->detach();
  EventLoop second(1);
  connection_->adopt(second);
  client.write("over there");
  std::string got;
  ASSERT_TRUE(test::turnUntil(second, [&] {
    got += client.read();
    return got.size() == 100'000 && handler_->input == "over there";
  }));
  connection_.reset();
}

}  // namespace
}  // namespace gw::net
