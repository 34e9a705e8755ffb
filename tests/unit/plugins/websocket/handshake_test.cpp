#include "handshake.h"

#include <gtest/gtest.h>

#include "sha1.h"

namespace gw::websocket {
namespace {

UpgradeRequest goodRequest() { return {"websocket", "keep-alive, Upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ==", ""}; }

std::string hex(const std::array<uint8_t, 20>& digest) {
  std::string out;
  for (const uint8_t byte : digest) {
    out.push_back("0123456789abcdef"[byte >> 4]);
    out.push_back("0123456789abcdef"[byte & 15]);
  }
  return out;
}

TEST(Sha1, GivesThePublishedDigests) {
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(sha1(std::string(1'000'000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(Base64, FillsTheLastGroup) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Handshake, AnswersTheExampleOfTheRfc) {
  const HandshakeAnswer answer = answerHandshake(goodRequest(), false);
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.acceptKey, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(answer.subprotocol, Subprotocol::kGatewayV1);
  EXPECT_FALSE(answer.isSubprotocolNamed);
}

TEST(Handshake, ReadsTokensInAnyCaseAndPlace) {
  UpgradeRequest request = goodRequest();
  request.upgrade = "h2c, WebSocket";
  request.connection = " ,UPGRADE ,";
  EXPECT_EQ(answerHandshake(request, false).status, 101);
}

TEST(Handshake, AsksForAnUpgradeWhereNoneWasWanted) {
  for (auto member : {&UpgradeRequest::upgrade, &UpgradeRequest::connection, &UpgradeRequest::version}) {
    for (const char* value : {"", "close", "12", "websocketx", "upgraded"}) {
      UpgradeRequest request = goodRequest();
      request.*member = value;
      EXPECT_EQ(answerHandshake(request, false).status, 426) << value;
    }
  }
}

TEST(Handshake, RefusesAKeyThatIsNotSixteenBytes) {
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=A",
                          "dGhlIHNhbXBsZSBub25j!Q==", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZWVlZQ=="}) {
    UpgradeRequest request = goodRequest();
    request.key = key;
    EXPECT_EQ(answerHandshake(request, false).status, 400) << key;
  }
}

TEST(Handshake, PicksTheFirstKnownSubprotocolInTheClientsOrder) {
  UpgradeRequest request = goodRequest();
  request.subprotocols = "telnet.example, terminal.mudstandards.org,gateway.v1";
  HandshakeAnswer answer = answerHandshake(request, false);
  EXPECT_EQ(answer.subprotocol, Subprotocol::kTerminal);
  EXPECT_TRUE(answer.isSubprotocolNamed);
  request.subprotocols = "gateway.v1, terminal.mudstandards.org";
  answer = answerHandshake(request, false);
  EXPECT_EQ(answer.subprotocol, Subprotocol::kGatewayV1);
  EXPECT_TRUE(answer.isSubprotocolNamed);
}

TEST(Handshake, RefusesOnlyUnknownSubprotocolsUnlessLenient) {
  UpgradeRequest request = goodRequest();
  request.subprotocols = "chat, Gateway.V1";
  const HandshakeAnswer strict = answerHandshake(request, false);
  EXPECT_EQ(strict.status, 400);
  EXPECT_TRUE(strict.isSubprotocolUnknown);
  const HandshakeAnswer lenient = answerHandshake(request, true);
  EXPECT_EQ(lenient.status, 101);
  EXPECT_FALSE(lenient.isSubprotocolNamed);
  EXPECT_EQ(lenient.subprotocol, Subprotocol::kGatewayV1);
}

TEST(Handshake, TakesAnEmptyListAsNoOffer) {
  UpgradeRequest request = goodRequest();
  request.subprotocols = " , ,";
  EXPECT_EQ(answerHandshake(request, false).status, 101);
}

}  // namespace
}  // namespace gw::websocket
