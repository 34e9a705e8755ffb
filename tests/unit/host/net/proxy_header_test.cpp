// Golden headers; each is also fed one byte at a time and at every split, always with bytes behind it.

#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

namespace gw::net {
namespace {

using State = ProxyHeaderParser::State;

constexpr std::string_view kBehind = "PROXY \r\n\r\n\x16\x03\x01 what the client sends";
const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(uint8_t command, uint8_t family, const std::string& block, size_t length = SIZE_MAX) {
  if (length == SIZE_MAX) length = block.size();
  std::string out = kSignature;
  out += static_cast<char>(command);
  out += static_cast<char>(family);
  out += static_cast<char>(length >> 8);
  out += static_cast<char>(length & 0xff);
  return out + block;
}

const std::string kIpv4Block("\xcb\x00\x71\x09\x0a\x00\x00\x01\xa0\x0f\x0f\xa0", 12);  // 203.0.113.9:40975
const std::string kIpv6Source("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05", 16);
const std::string kIpv6Block = kIpv6Source + kIpv6Source + std::string("\x00\x50\x01\xbb", 4);
const std::string kTlvs("\x04\x00\x02..\x02\x00\x0bplay.example\xee\xff\xff cut", 25);

struct Verdict {
  State state = State::kWantsMore;
  size_t used = 0;
  std::string source;  // "-": the socket's peer
  std::string error;
  bool operator==(const Verdict&) const = default;
};

void PrintTo(const Verdict& v, std::ostream* out) {
  *out << static_cast<int>(v.state) << " used " << v.used << " source " << v.source << " error " << v.error;
}

/// Feeds the pieces as a socket would: what one piece leaves unread ends it.
Verdict parse(std::string_view bytes, const std::vector<size_t>& cuts) {
  ProxyHeaderParser parser;
  Verdict out;
  size_t at = 0;
  for (size_t i = 0; i <= cuts.size() && parser.state() == State::kWantsMore; ++i) {
    const std::string_view piece = bytes.substr(at, (i < cuts.size() ? cuts[i] : bytes.size()) - at);
    const size_t used = parser.feed(piece);
    EXPECT_LE(used, piece.size());
    EXPECT_TRUE(parser.state() != State::kWantsMore || used == piece.size());
    at += piece.size();
    out.used += used;
  }
  EXPECT_EQ(parser.state() == State::kWantsMore ? 0 : parser.feed(kBehind), 0u) << "took more after its end";
  out.state = parser.state();
  out.source = parser.source() ? parser.source()->toString() : "-";
  out.error = parser.error();
  return out;
}

/// The same verdict however the bytes come.
Verdict verdictOn(const std::string& bytes) {
  const Verdict whole = parse(bytes, {});
  for (size_t cut = 0; cut <= bytes.size(); ++cut) EXPECT_EQ(parse(bytes, {cut}), whole) << "split at " << cut;
  std::vector<size_t> all;
  for (size_t cut = 1; cut < bytes.size(); ++cut) all.push_back(cut);
  EXPECT_EQ(parse(bytes, all), whole) << "byte by byte";
  return whole;
}

struct Good {
  const char* name;
  std::string header;
  std::string source;
};
void PrintTo(const Good& good, std::ostream* out) { *out << good.name; }

class GoodProxyHeader : public testing::TestWithParam<Good> {};

TEST_P(GoodProxyHeader, EndsWhereItEndsAndNamesTheClient) {
  const std::string& header = GetParam().header;
  const Verdict expected{State::kComplete, header.size(), GetParam().source, ""};
  EXPECT_EQ(verdictOn(header), expected);
  EXPECT_EQ(verdictOn(header + std::string(kBehind)), expected);
  for (size_t size = 0; size < header.size(); ++size) {
    EXPECT_EQ(parse(header.substr(0, size), {}), (Verdict{State::kWantsMore, size, "-", ""})) << "cut to " << size;
  }
}

const Good kGood[] = {
    {"V1Ipv4", "PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\r\n", "203.0.113.9:56324"},
    {"V1Ipv4Longest", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"},
    {"V1Ipv4Shortest", "PROXY TCP4 1.1.1.1 1.1.1.1 0 0\r\n", "1.1.1.1:0"},
    {"V1Ipv6", "PROXY TCP6 2001:DB8::5 ::1 1 2\r\n", "[2001:db8::5]:1"},
    {"V1Ipv6Longest",
     "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
    {"V1MappedIpv4IsIpv4", "PROXY TCP6 ::ffff:203.0.113.9 ::1 1 2\r\n", "203.0.113.9:1"},
    {"V1Unknown", "PROXY UNKNOWN\r\n", "-"},
    {"V1UnknownWithAddresses", "PROXY UNKNOWN 203.0.113.9 10.0.0.1 1 2\r\n", "-"},
    {"V1UnknownLongest",
     "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
     "-"},
    {"V2Ipv4", v2(0x21, 0x11, kIpv4Block), "203.0.113.9:40975"},
    {"V2Ipv6", v2(0x21, 0x21, kIpv6Block), "[2001:db8::5]:80"},
    {"V2MappedIpv4IsIpv4",
     v2(0x21, 0x21, std::string(10, '\0') + "\xff\xff\xcb" + std::string(1, '\0') + "\x71\x09" + std::string(20, '\0')),
     "203.0.113.9:0"},
    {"V2WithTlvs", v2(0x21, 0x11, kIpv4Block + kTlvs), "203.0.113.9:40975"},
    {"V2Longest", v2(0x21, 0x11, kIpv4Block + std::string(508, 'x')), "203.0.113.9:40975"},
    {"V2Local", v2(0x20, 0x00, ""), "-"},
    {"V2LocalIgnoresWhatItCarries", v2(0x20, 0x11, kIpv4Block), "-"},
    {"V2LocalIgnoresUnknownFamilies", v2(0x20, 0xff, "odd"), "-"},
    {"V2Unspecified", v2(0x21, 0x00, ""), "-"},
    {"V2UnspecifiedWithTlvs", v2(0x21, 0x00, kTlvs), "-"},
    {"V2UnixStream", v2(0x21, 0x31, std::string(216, 'u')), "-"},
    {"V2UnixDatagram", v2(0x21, 0x32, std::string(216, 'u')), "-"},
    {"V2Udp", v2(0x21, 0x12, kIpv4Block), "-"},
};
INSTANTIATE_TEST_SUITE_P(All, GoodProxyHeader, testing::ValuesIn(kGood), [](const auto& p) { return p.param.name; });

struct Bad {
  const char* name;
  std::string header;
  size_t used;  // the byte at which it was seen
  std::string error;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadProxyHeader : public testing::TestWithParam<Bad> {};

TEST_P(BadProxyHeader, FailsAtTheFirstByteThatIsWrong) {
  const Verdict expected{State::kFailed, GetParam().used, "-", GetParam().error};
  EXPECT_EQ(verdictOn(GetParam().header + std::string(kBehind)), expected);
}

Bad badLine(const char* name, const std::string& rest, const char* error) {
  const std::string line = "PROXY " + rest + "\r\n";
  return {name, line, line.size(), error};
}

const char* const kNone = "no PROXY protocol header";
const char* const kLone = "CR or LF alone in the PROXY line";
const char* const kAddress = "a bad address in the PROXY line";
const char* const kPort = "a bad port in the PROXY line";
const char* const kFields = "fields are missing in the PROXY line";
const char* const kFamily = "neither TCP4 nor TCP6 nor UNKNOWN in the PROXY line";

const Bad kBad[] = {
    {"Tls", "\x16\x03\x01", 1, kNone},
    {"Http", "GET / HTTP/1.1\r\n", 1, kNone},
    {"Post", "POST /rpc", 2, kNone},
    {"LowerCase", "proxy TCP4", 1, kNone},
    {"TabForSpace", "PROXY\tTCP4", 6, kNone},
    {"EmptyLine", "\r\n\r\nhello", 5, kNone},
    {"SignatureBroken", "\r\n\r\n" + std::string(1, '\0') + "\r\nQUIX", 11, kNone},
    {"LoneLf", "PROXY UNKNOWN\n", 14, kLone},
    {"LoneCr", "PROXY UNKNOWN\r \n", 15, kLone},
    {"TwoCrs", "PROXY UNKNOWN\r\r\n", 15, kLone},
    {"LineTooLong", "PROXY UNKNOWN " + std::string(92, 'f') + "\r\n", 107, "the PROXY line is longer than 107 bytes"},
    badLine("Empty", "", kFamily),
    badLine("FamilyUnknown", "UDP4 1.1.1.1 1.1.1.1 1 1", kFamily),
    badLine("FamilyGlued", "UNKNOWNX", kFamily),
    badLine("TwoSpaces", "TCP4  1.1.1.1 1.1.1.1 1 1", kPort),
    badLine("NoPorts", "TCP4 1.1.1.1 1.1.1.1", kFields),
    badLine("OnePort", "TCP4 1.1.1.1 1.1.1.1 1", kFields),
    badLine("FieldTooMany", "TCP4 1.1.1.1 1.1.1.1 1 1 1", kPort),
    badLine("TrailingSpace", "TCP4 1.1.1.1 1.1.1.1 1 1 ", kPort),
    badLine("PortTooLarge", "TCP4 1.1.1.1 1.1.1.1 65536 1", kPort),
    badLine("PortPadded", "TCP4 1.1.1.1 1.1.1.1 01 1", kPort),
    badLine("PortSigned", "TCP4 1.1.1.1 1.1.1.1 +1 1", kPort),
    badLine("DestinationPort", "TCP4 1.1.1.1 1.1.1.1 1 x", kPort),
    badLine("NoAddress", "TCP4 rubbish 1.1.1.1 1 1", kAddress),
    badLine("PaddedAddress", "TCP4 01.1.1.1 1.1.1.1 1 1", kAddress),
    badLine("Ipv6AsTcp4", "TCP4 ::1 ::1 1 1", kAddress),
    badLine("Ipv4AsTcp6", "TCP6 1.1.1.1 1.1.1.1 1 1", kAddress),
    badLine("MixedFamilies", "TCP6 ::1 1.1.1.1 1 1", kAddress),
    badLine("Destination", "TCP4 1.1.1.1 rubbish 1 1", kAddress),
    badLine("Zone", "TCP6 fe80::1%lo ::1 1 1", kAddress),
    badLine("Nul", "TCP4 1.1.1.1" + std::string(1, '\0') + " 1.1.1.1 1 1", kAddress),
    {"V2Version1", v2(0x11, 0x11, kIpv4Block), 16, "neither PROXY nor LOCAL of version 2"},
    {"V2Command2", v2(0x22, 0x11, kIpv4Block), 16, "neither PROXY nor LOCAL of version 2"},
    {"V2Family4", v2(0x21, 0x41, kIpv4Block), 16, "an unknown address family or protocol"},
    {"V2Transport3", v2(0x21, 0x13, kIpv4Block), 16, "an unknown address family or protocol"},
    {"V2Ipv4Short", v2(0x21, 0x11, kIpv4Block, 11), 16, "the addresses are cut short"},
    {"V2Ipv6Short", v2(0x21, 0x21, kIpv6Block, 35), 16, "the addresses are cut short"},
    {"V2UnixShort", v2(0x21, 0x31, std::string(215, 'u')), 16, "the addresses are cut short"},
    {"V2TooLong", v2(0x21, 0x11, kIpv4Block, 521), 16, "the PROXY header is longer than 536 bytes"},
    {"V2LocalTooLong", v2(0x20, 0x00, "", 65535), 16, "the PROXY header is longer than 536 bytes"},
};
INSTANTIATE_TEST_SUITE_P(All, BadProxyHeader, testing::ValuesIn(kBad), [](const auto& p) { return p.param.name; });

// Random bytes, most of them a good header with a few bytes changed: the verdict never depends on the
// split, nothing behind the end is taken, and what is kept stays within the bounds.
TEST(ProxyHeader, SurvivesRandomBytesAndSplits) {
  const auto seed = static_cast<uint32_t>(std::random_device{}());
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);
  const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = kGood[below(std::size(kGood))].header + std::string(kBehind);
    if (round % 4 == 0) bytes.resize(below(700));
    for (size_t changes = below(4); changes > 0 && !bytes.empty(); --changes) {
      bytes[below(bytes.size())] = static_cast<char>(random());
    }
    std::vector<size_t> cuts;
    for (size_t cut = below(40); cut < bytes.size(); cut += 1 + below(40)) cuts.push_back(cut);
    const Verdict whole = parse(bytes, {});
    ASSERT_EQ(parse(bytes, cuts), whole) << "round " << round << " of seed " << seed;
    ASSERT_LE(whole.used, bytes.starts_with('P') ? ProxyHeaderParser::kMaxV1Bytes : ProxyHeaderParser::kMaxV2Bytes);
    ASSERT_EQ(whole.error.empty(), whole.state != State::kFailed);
  }
}

}  // namespace
}  // namespace gw::net
