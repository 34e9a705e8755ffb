#include "websocket_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_frames.h"

namespace gw::websocket::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Log = std::vector<std::string>;

struct Golden {
  const char* name;
  std::string input;
  Log expected;
  uint32_t maxMessage = 1 << 20;
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

std::string fragmented(std::initializer_list<std::string_view> parts, Opcode opcode) {
  std::string out;
  size_t index = 0;
  for (const std::string_view part : parts) {
    out += clientFrame(index == 0 ? opcode : Opcode::kContinuation, part, index + 1 == parts.size());
    ++index;
  }
  return out;
}

std::vector<Golden> validStreams() {
  const std::string kib(1024, 'k');
  const std::string big(70'000, 'B');
  return {
      {"RFC 6455 §5.7 masked Hello",
       bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
       {"text:Hello"}},
      {"empty text", clientFrame(Opcode::kText, ""), {"text:"}},
      {"two messages", clientFrame(Opcode::kText, "a") + clientFrame(Opcode::kBinary, "b"), {"text:a", "binary:b"}},
      {"16-bit length", clientFrame(Opcode::kBinary, kib), {"binary:" + kib}},
      {"64-bit length", clientFrame(Opcode::kBinary, big), {"binary:" + big}},
      {"three fragments", fragmented({"Hel", "l", "o"}, Opcode::kText), {"text:Hello"}},
      {"empty fragments", fragmented({"", "x", "", ""}, Opcode::kText), {"text:x"}},
      {"only empty fragments", fragmented({"", ""}, Opcode::kBinary), {"binary:"}},
      {"character across fragments", fragmented({"\xE2", "\x82", "\xAC"}, Opcode::kText), {"text:\xE2\x82\xAC"}},
      {"control between fragments",
       clientFrame(Opcode::kText, "a", false) + clientFrame(Opcode::kPing, "p") + clientFrame(Opcode::kPong, "") +
           clientFrame(Opcode::kContinuation, "b"),
       {"text:ab"}},
      {"binary may hold anything", clientFrame(Opcode::kBinary, "\xFF\xC0"), {"binary:\xFF\xC0"}},
      {"message at the limit", clientFrame(Opcode::kText, "12345678"), {"text:12345678"}, 8},
      {"close with reason", clientFrame(Opcode::kClose, closePayload(1000, "bye")), {"close:1000:bye"}},
      {"close without code", clientFrame(Opcode::kClose, ""), {"close:1005:"}},
      {"private close code", clientFrame(Opcode::kClose, closePayload(4999)), {"close:4999:"}},
      {"nothing after close",
       clientFrame(Opcode::kClose, closePayload(1001)) + clientFrame(Opcode::kText, "late"),
       {"close:1001:"}},
  };
}

std::vector<Golden> invalidStreams() {
  const std::string ok = clientFrame(Opcode::kText, "ok");
  return {
      {"unmasked", ok + bytes({0x81, 0x01, 'x'}), {"text:ok", "fail:1002"}},
      {"RSV1", bytes({0xC1}), {"fail:1002"}},
      {"RSV2", bytes({0xA1}), {"fail:1002"}},
      {"RSV3", bytes({0x91}), {"fail:1002"}},
      {"reserved opcode 3", bytes({0x83}), {"fail:1002"}},
      {"reserved opcode 11", bytes({0x8B}), {"fail:1002"}},
      {"fragmented ping", bytes({0x09}), {"fail:1002"}},
      {"long ping", bytes({0x89, 0xFE}), {"fail:1002"}},
      {"16-bit length of 125", bytes({0x82, 0xFE, 0, 125}), {"fail:1002"}},
      {"64-bit length of 65535", bytes({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), {"fail:1002"}},
      {"length above 2^63", bytes({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0}), {"fail:1002"}},
      {"continuation alone", bytes({0x80}), {"fail:1002"}},
      {"text inside a fragmented text", clientFrame(Opcode::kText, "a", false) + bytes({0x81}), {"fail:1002"}},
      {"invalid UTF-8", clientFrame(Opcode::kText, "a\xFFz"), {"fail:1007"}},
      {"overlong UTF-8", clientFrame(Opcode::kText, "\xC0\xAF"), {"fail:1007"}},
      {"surrogate", clientFrame(Opcode::kText, "\xED\xA0\x80"), {"fail:1007"}},
      {"above U+10FFFF", clientFrame(Opcode::kText, "\xF4\x90\x80\x80"), {"fail:1007"}},
      {"half a character at the end", clientFrame(Opcode::kText, "a\xE2\x82"), {"fail:1007"}},
      {"half a character, then an empty last fragment", fragmented({"\xE2", ""}, Opcode::kText), {"fail:1007"}},
      {"too big", clientFrame(Opcode::kText, "123456789"), {"fail:1009"}, 8},
      {"too big in sum", fragmented({"12345", "6789"}, Opcode::kText), {"fail:1009"}, 8},
      {"close of one byte", clientFrame(Opcode::kClose, "x"), {"fail:1002"}},
      {"close 999", clientFrame(Opcode::kClose, closePayload(999)), {"fail:1002"}},
      {"close 1004", clientFrame(Opcode::kClose, closePayload(1004)), {"fail:1002"}},
      {"close 1005", clientFrame(Opcode::kClose, closePayload(1005)), {"fail:1002"}},
      {"close 1006", clientFrame(Opcode::kClose, closePayload(1006)), {"fail:1002"}},
      {"close 1015", clientFrame(Opcode::kClose, closePayload(1015)), {"fail:1002"}},
      {"close 2999", clientFrame(Opcode::kClose, closePayload(2999)), {"fail:1002"}},
      {"close 5000", clientFrame(Opcode::kClose, closePayload(5000)), {"fail:1002"}},
      {"close reason not UTF-8", clientFrame(Opcode::kClose, closePayload(1000, "\xFF")), {"fail:1007"}},
  };
}

std::vector<Golden> allStreams() {
  std::vector<Golden> all = validStreams();
  for (Golden& each : invalidStreams()) all.push_back(std::move(each));
  return all;
}

TEST(WebSocketCodec, ReadsEveryGoldenStreamWhole) {
  for (const Golden& each : allStreams()) {
    EXPECT_EQ(logOf(each.input, {}, each.maxMessage), each.expected) << each.name;
  }
}

TEST(WebSocketCodec, ReadsEveryGoldenStreamByteByByte) {
  for (const Golden& each : allStreams()) {
    EXPECT_EQ(logOf(each.input, everyByte(each.input.size()), each.maxMessage), each.expected) << each.name;
  }
}

TEST(WebSocketCodec, ReadsEveryGoldenStreamAtEverySplit) {
  for (const Golden& each : allStreams()) {
    const size_t step = each.input.size() > 4096 ? 997 : 1;
    for (size_t cut = 1; cut < each.input.size(); cut += step) {
      EXPECT_EQ(logOf(each.input, {cut}, each.maxMessage), each.expected) << each.name << " cut at " << cut;
    }
  }
}

TEST(WebSocketCodec, OffersARefusedMessageAgainWithoutLosingOrDoublingIt) {
  for (const Golden& each : validStreams()) {
    if (each.input.size() > 4096) continue;
    for (size_t cut = 0; cut < each.input.size(); ++cut) {
      Peer peer(each.maxMessage);
      peer.events.refusals = 3;
      peer.feed(each.input.substr(0, cut));
      peer.feed(each.input.substr(cut));
      for (int i = 0; i < 3; ++i) peer.feed({});
      EXPECT_EQ(peer.events.log, each.expected) << each.name << " cut at " << cut;
      EXPECT_THAT(peer.unread, IsEmpty()) << each.name;
    }
  }
}

TEST(WebSocketCodec, LeavesAByteUnreadWhileAMessageIsRefused) {
  // The host calls again only where something is left to read.
  const std::string input = clientFrame(Opcode::kText, "Hello");
  for (size_t cut = 0; cut < input.size(); ++cut) {
    Peer peer;
    peer.events.refusals = 1;
    peer.feed(input.substr(0, cut));
    peer.feed(input.substr(cut));
    EXPECT_FALSE(peer.unread.empty()) << cut;
    EXPECT_EQ(peer.events.refused, 1) << cut;
  }
}

TEST(WebSocketCodec, LooksAtNothingBehindARefusedMessage) {
  Peer peer;
  peer.events.refusals = 1;
  peer.feed(clientFrame(Opcode::kText, "first") + clientFrame(Opcode::kPing, "later") + bytes({0xFF}));
  EXPECT_THAT(peer.events.log, IsEmpty());
  EXPECT_THAT(peer.events.pings, IsEmpty());
  peer.feed({});
  EXPECT_THAT(peer.events.log, ElementsAre("text:first", "fail:1002"));
}

TEST(WebSocketCodec, RefusesAnAnnouncedGigabyteAtOnceWithoutHoldingAnything) {
  const std::string input = bytes({0x82, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4, 'x'});
  ASSERT_EQ(input.size(), 15u);
  Peer peer;
  peer.feed(input);
  EXPECT_THAT(peer.events.log, ElementsAre("fail:1009"));
  EXPECT_EQ(peer.decoder.heldBytes(), 0u);
}

TEST(WebSocketCodec, FailsAtTheFirstImpossibleByteOfAnUnfinishedMessage) {
  const std::string input = clientFrame(Opcode::kText, "abc\xFF" + std::string(1000, 'x'));
  Peer peer;
  peer.feed(input.substr(0, 8 + 3));
  EXPECT_THAT(peer.events.log, IsEmpty());
  peer.feed(input.substr(8 + 3, 1));
  EXPECT_THAT(peer.events.log, ElementsAre("fail:1007"));
}

TEST(WebSocketCodec, AnswersAFloodOfPingsOnceWithTheLast) {
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += clientFrame(Opcode::kPing, std::to_string(i));
  Peer peer;
  peer.feed(flood);
  EXPECT_THAT(peer.events.pings, ElementsAre("9999"));
  EXPECT_EQ(peer.events.overhead, 10'000);
}

TEST(WebSocketCodec, StopsReadingWhenOverheadIsOverItsLimit) {
  Peer peer;
  peer.events.overheadLimit = 3;
  std::string flood;
  for (int i = 0; i < 10; ++i) flood += clientFrame(Opcode::kPong, "");
  peer.feed(flood + clientFrame(Opcode::kText, "never"));
  EXPECT_EQ(peer.events.overhead, 4);
  EXPECT_THAT(peer.events.log, IsEmpty());
}

TEST(WebSocketCodec, CountsEveryFragmentAsOverheadButNoWholeMessage) {
  Peer peer;
  peer.feed(fragmented({"a", "b", ""}, Opcode::kText) + clientFrame(Opcode::kText, "whole"));
  EXPECT_EQ(peer.events.overhead, 3);
}

TEST(WebSocketCodec, StopsReadingWhenTheReceiverSaysSo) {
  Peer peer;
  peer.events.messageVerdict = FrameEvents::Verdict::kStop;
  peer.feed(clientFrame(Opcode::kText, "one") + clientFrame(Opcode::kText, "two") + "rubbish");
  peer.feed(clientFrame(Opcode::kText, "three"));
  EXPECT_THAT(peer.events.log, ElementsAre("text:one"));
  EXPECT_THAT(peer.unread, IsEmpty());
}

TEST(WebSocketCodec, TakesBiggerMessagesOnceTheLimitIsRaised) {
  Peer peer(16);
  peer.decoder.setMaxMessage(32);
  const std::string text(32, 't');
  peer.feed(clientFrame(Opcode::kText, text));
  EXPECT_THAT(peer.events.log, ElementsAre("text:" + text));
}

TEST(WebSocketCodec, HoldsNothingBetweenMessages) {
  Peer peer;
  const std::string input = clientFrame(Opcode::kText, std::string(10'000, 'x'));
  peer.feed(input.substr(0, 5000));
  EXPECT_GT(peer.decoder.heldBytes(), 4000u);
  peer.feed(input.substr(5000));
  EXPECT_EQ(peer.decoder.heldBytes(), 0u);
  EXPECT_LE(sizeof(WebSocketDecoder), 48u);
}

TEST(WebSocketFrame, UnmasksAtEveryPhaseAndLength) {
  const Mask mask{1, 20, 55, 200};
  std::string plain;
  for (int i = 0; i < 41; ++i) plain.push_back(static_cast<char>(i * 7));
  for (size_t phase = 0; phase < 4; ++phase) {
    for (size_t length = 0; length <= plain.size(); ++length) {
      std::string masked(plain.substr(0, length));
      for (size_t i = 0; i < length; ++i) {
        masked[i] = static_cast<char>(static_cast<uint8_t>(masked[i]) ^ mask[(phase + i) % 4]);
      }
      unmask(masked.data(), masked.data(), length, mask, phase);
      EXPECT_EQ(masked, plain.substr(0, length));
    }
  }
}

TEST(WebSocketFrame, WritesTheShortestLengthForm) {
  EXPECT_EQ(serverFrame(Opcode::kText, "Hello"), bytes({0x81, 5, 'H', 'e', 'l', 'l', 'o'}));
  EXPECT_EQ(serverFrame(Opcode::kBinary, std::string(125, 'x')).substr(0, 2), bytes({0x82, 125}));
  EXPECT_EQ(serverFrame(Opcode::kBinary, std::string(126, 'x')).substr(0, 4), bytes({0x82, 126, 0, 126}));
  EXPECT_EQ(serverFrame(Opcode::kBinary, std::string(65535, 'x')).substr(0, 4), bytes({0x82, 126, 0xFF, 0xFF}));
  EXPECT_EQ(serverFrame(Opcode::kBinary, std::string(65536, 'x')).substr(0, 10),
            bytes({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  char header[kMaxServerHeader];
  EXPECT_EQ(writeServerHeader(header, Opcode::kText, 1, false), 2u);
  EXPECT_EQ(header[0], 0x01);
}

TEST(WebSocketFrame, CutsALongCloseReasonOnACharacterBoundary) {
  const std::string reason = std::string(122, 'r') + "\xE2\x82\xAC";
  const std::string frame = closeFrame(1008, reason);
  EXPECT_EQ(frame, bytes({0x88, 124, 0x03, 0xF0}) + std::string(122, 'r'));
  EXPECT_EQ(closeFrame(1000, std::string(200, 'x')).size(), 2u + 125u);
}

TEST(WebSocketFrame, NeverSendsACodeThatIsForLocalUseOnly) {
  for (const int code : {0, 1005, 1006, 1015}) {
    EXPECT_EQ(closeFrame(static_cast<uint16_t>(code), "why"), bytes({0x88, 0})) << code;
  }
}

}  // namespace
}  // namespace gw::websocket::test
