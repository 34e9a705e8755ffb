// libtelnet as an oracle: fed the same bytes, both must see the same text, the same commands and the
// same sub-negotiations, and answer the same for the options both know. Where the two differ on
// purpose (refusals said once, TIMING-MARK, the sub-negotiation cap) the inputs stay away.
#include <gtest/gtest.h>
#include <libtelnet.h>

#include <random>
#include <string>

#include "option_table.h"
#include "telnet_parser.h"

namespace gw::telnet {
namespace {

struct Seen {
  std::string text;
  std::string tokens;  // commands and sub-negotiations
  std::string answers;
  bool operator==(const Seen&) const = default;
};

void onTelnetEvent(telnet_t*, telnet_event_t* event, void* context) {
  auto& seen = *static_cast<Seen*>(context);
  switch (event->type) {
    case TELNET_EV_DATA:
      seen.text.append(event->data.buffer, event->data.size);
      break;
    case TELNET_EV_SEND:
      seen.answers.append(event->data.buffer, event->data.size);
      break;
    case TELNET_EV_IAC:
      seen.tokens += "c" + std::to_string(event->iac.cmd) + ";";
      break;
    case TELNET_EV_SUBNEGOTIATION:
      seen.tokens += "s" + std::to_string(event->sub.telopt) + ":";
      seen.tokens.append(event->sub.buffer, event->sub.size);
      seen.tokens += ";";
      break;
    default:
      break;
  }
}

constexpr telnet_telopt_t kOptions[] = {
    {kOptSga, TELNET_WILL, TELNET_DO},           {kOptBinary, TELNET_WILL, TELNET_DO},
    {kOptCharset, TELNET_WILL, TELNET_DO},       {kOptNaws, TELNET_WONT, TELNET_DO},
    {kOptEndOfRecord, TELNET_WILL, TELNET_DONT}, {-1, 0, 0}};

Seen byLibtelnet(std::string_view input, size_t step) {
  Seen seen;
  telnet_t* telnet = telnet_init(kOptions, onTelnetEvent, 0, &seen);
  telnet_negotiate(telnet, TELNET_DO, kOptNaws);
  telnet_negotiate(telnet, TELNET_WILL, kOptEndOfRecord);
  for (size_t at = 0; at < input.size(); at += step) {
    const std::string_view piece = input.substr(at, step);
    telnet_recv(telnet, piece.data(), piece.size());
  }
  telnet_free(telnet);
  return seen;
}

Seen byOurs(std::string_view input, size_t step) {
  Seen seen;
  TelnetParser parser;
  OptionTable options;
  options.request(Side::kClient, kOptNaws, true, seen.answers);
  options.request(Side::kUs, kOptEndOfRecord, true, seen.answers);
  for (size_t at = 0; at < input.size(); at += step) {
    std::string_view piece = input.substr(at, step);
    while (!piece.empty()) {
      Token token;
      piece.remove_prefix(parser.next(piece, token));
      if (token.kind == Token::Kind::kText) seen.text += token.bytes;
      if (token.kind == Token::Kind::kCommand) seen.tokens += "c" + std::to_string(token.code) + ";";
      if (token.kind == Token::Kind::kNegotiation) options.receive(token.verb, token.code, seen.answers);
      if (token.kind == Token::Kind::kSubnegotiation) {
        seen.tokens += "s" + std::to_string(token.code) + ":";
        seen.tokens.append(token.bytes);
        seen.tokens += ";";
      }
    }
  }
  return seen;
}

class Peer {
 public:
  explicit Peer(uint32_t seed) : random_(seed) {}

  std::string make() {
    std::string out;
    for (size_t i = 0; i < 40; ++i) {
      switch (pick(5)) {
        case 0:
          for (size_t n = pick(12); n > 0; --n) text(out);
          break;
        case 1:
          put(out, {255, static_cast<uint8_t>(241 + pick(9))});
          break;
        case 2:
          negotiation(out);
          break;
        case 3:
          subnegotiation(out);
          break;
        default:
          put(out, {255, 255});
      }
    }
    return out;
  }

 private:
  static constexpr uint8_t kNegotiated[] = {kOptSga, kOptBinary, kOptCharset, kOptNaws};
  // Options whose payload libtelnet leaves alone (it parses TTYPE, MSSP, ZMP and ENVIRON itself).
  static constexpr uint8_t kPlain[] = {kOptNaws, kOptCharset, 201, 69};

  size_t pick(size_t below) { return random_() % below; }
  void text(std::string& out) { put(out, {static_cast<uint8_t>(pick(255))}); }  // anything but IAC
  void put(std::string& out, std::initializer_list<uint8_t> bytes) {
    for (const uint8_t byte : bytes) out.push_back(static_cast<char>(byte));
  }
  void negotiation(std::string& out) {
    const uint8_t option = kNegotiated[pick(sizeof(kNegotiated))];
    // DO NAWS is refused, and repeated refusals are where the two differ.
    put(out, {255, static_cast<uint8_t>(251 + pick(option == kOptNaws ? 2 : 4)), option});
  }
  void subnegotiation(std::string& out) {
    put(out, {255, 250, kPlain[pick(sizeof(kPlain))]});
    for (size_t n = pick(20); n > 0; --n) pick(8) == 0 ? put(out, {255, 255}) : text(out);
    if (pick(6) != 0)
      put(out, {255, 240});
    else
      put(out, {255, 241});  // a missing SE: the next command ends it
  }

  std::mt19937 random_;
};

TEST(TelnetOracle, AgreesWithLibtelnetOnGeneratedPeers) {
  for (uint32_t seed = 1; seed <= 400; ++seed) {
    const std::string input = Peer(seed).make();
    const Seen expected = byLibtelnet(input, input.size());
    EXPECT_FALSE(expected.text.empty() && expected.tokens.empty());
    for (const size_t step : {input.size(), size_t{1}, size_t{3}}) {
      const Seen ours = byOurs(input, step);
      EXPECT_EQ(ours.text, expected.text) << "seed " << seed << " step " << step;
      EXPECT_EQ(ours.tokens, expected.tokens) << "seed " << seed << " step " << step;
      EXPECT_EQ(ours.answers, expected.answers) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace gw::telnet
