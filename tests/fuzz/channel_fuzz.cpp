#include "channel_fuzz.h"

#include <algorithm>

#include "conversation.h"
#include "fuzz.h"

namespace gw::fuzz {
namespace {

using testing::FakeConn;
using testing::FakeHost;
using testing::FakeMigration;
using testing::FakeRequest;
using testing::Headers;

struct Variant {
  std::string options;
  testing::OpenOptions stream;
};

Variant variantOf(const ChannelUnderFuzz& channel, size_t number) {
  Variant variant{channel.options[number % channel.options.size()], {}};
  if (!channel.streams.empty()) {
    variant.stream = channel.streams[number / channel.options.size() % channel.streams.size()];
  }
  return variant;
}

std::vector<std::string> converse(const ChannelUnderFuzz& channel, const Variant& variant, std::string_view script,
                                  bool isMoving, bool& hasMoves) {
  FakeHost host(channel.plugin, variant.options);
  expect(host.ok(), "the account does not start: " + host.error());
  const auto conn = host.open(variant.stream);
  if (conn == nullptr) return {"refused"};
  Conversation conversation(channel, variant.options, host, *conn, isMoving);
  auto seen = conversation.run(script);
  hasMoves = conversation.hasMoves();
  return seen;
}

void fuzzConversation(const ChannelUnderFuzz& channel, const Variant& variant, std::string_view script) {
  bool hasMoves = false;
  const auto still = converse(channel, variant, script, false, hasMoves);
  if (!hasMoves) return;
  const auto moved = converse(channel, variant, script, true, hasMoves);
  for (size_t i = 0; i < std::max(still.size(), moved.size()); ++i) {
    const std::string& wanted = i < still.size() ? still[i] : "nothing";
    const std::string& seen = i < moved.size() ? moved[i] : "nothing";
    if (wanted != seen) fail("a move is seen after step " + std::to_string(i) + ":\n" + wanted + "\nmoved:\n" + seen);
  }
}

/// What a connection goes through that was made from a state nobody wrote.
std::string afterlife() {
  return Script()
      .then(Op::kAnswerHello, 0)
      .says("look\r\n\xff\xff\x81\x85\x01\x02\x03\x04more\n")
      .then(Op::kText, 1)
      .then(Op::kPrompt, 6)
      .then(Op::kEndTurn)
      .then(Op::kLogin, GW_LOGIN_OPEN)
      .then(Op::kEvent, 1)
      .then(Op::kOutput, 1)
      .then(Op::kWait, 6)
      .then(Op::kOutput, 0)
      .then(Op::kMove)
      .says("\n\xff\xf0\r\n")
      .then(Op::kText, 5)
      .then(Op::kCloseBegin, 1)
      .bytes()
      .substr(1);
}

void fuzzState(const ChannelUnderFuzz& channel, const Variant& variant, std::string_view state) {
  FakeHost host(channel.plugin, variant.options);
  expect(host.ok(), "the account does not start: " + host.error());
  host.advance(3'600'000);  // later than times in good states
  const auto conn = host.adopt(1, state, variant.stream);
  if (conn == nullptr) return expect(!host.error().empty(), "a state is refused without a reason");
  const FakeMigration first = host.rehearse(*conn, host.load(channel.plugin, variant.options));
  if (first.outcome == FakeMigration::Outcome::kFailed) fail("a state was taken that cannot move on: " + first.reason);
  if (first.outcome == FakeMigration::Outcome::kMoved) {
    const auto next = host.adopt(first.version, first.state, variant.stream);
    if (next == nullptr) fail("what was exported is refused: " + host.error());
    const FakeMigration second = host.rehearse(*next, host.load(channel.plugin, variant.options));
    expect(second.state == first.state, "what was imported is exported otherwise");
  }
  Conversation(channel, variant.options, host, *conn, true).run(afterlife());
}

/// As the host's parser lets a header's value through.
std::string cleaned(std::string_view value) {
  std::string out(value.substr(0, value.find_last_not_of(" \t") + 1));
  std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return out;
}

void expectCleanHeaders(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    expect(!name.empty() && cleaned(name) == name && value.find_first_of("\r\n") == std::string::npos,
           "a header can be injected: " + name + ": " + value);
  }
}

void expectSettled(const FakeRequest& request) {
  if (request.reply) expectCleanHeaders(request.reply->headers);
  if (request.accept) expectCleanHeaders(request.accept->headers);
  expect(request.result != GW_HTTP_RESPONDED || request.reply.has_value(), "RESPONDED without a reply");
  expect(request.result != GW_HTTP_ACCEPTED || request.accept.has_value(), "ACCEPTED without http_accept");
  expect(request.result != GW_HTTP_DEFER || !request.binds.empty() || !request.frames.empty(),
         "DEFER, and nothing will answer");
}

void fuzzRequest(const ChannelUnderFuzz& channel, const Variant& variant, Input input) {
  static constexpr uint32_t kStatuses[] = {200, 204, 401, 404, 409, 429, 503};
  FakeHost host(channel.plugin, variant.options);
  expect(host.ok(), "the account does not start: " + host.error());
  const std::string_view method = input.pick(channel.methods);
  const std::string_view path = input.pick(channel.paths);
  const std::string query = cleaned(input.piece());
  Headers headers;
  for (size_t count = input.byte() % 8u; count > 0; --count) {
    const std::string_view name = input.pick(channel.headers);
    headers.emplace_back(name, cleaned(input.piece()));
  }
  const uint8_t answer = input.byte();
  const std::string body(input.piece());
  const auto request = host.request(method, path, query, headers, body);
  expectSettled(*request);
  if (request->result == GW_HTTP_DEFER) {
    const uint32_t status = kStatuses[answer % std::size(kStatuses)];
    request->answer(status < 300 ? GW_OK : GW_E_STATE, status, "{}", answer >= 128 ? "gw_1=x; Path=/events" : "");
    expectSettled(*request);
    expect(request->reply.has_value() || request->accept.has_value(), "an answered request is left open");
  }
  if (!request->accept) return;
  const auto conn = request->openStream();
  if (conn != nullptr) Conversation(channel, variant.options, host, *conn, true).run(input.rest());
}

}  // namespace

void fuzzChannel(const ChannelUnderFuzz& channel, std::string_view bytes) {
  Input input(bytes);
  const uint8_t first = input.byte();
  const Variant variant = variantOf(channel, first >> 2);
  if ((first & 3) == 2) return fuzzState(channel, variant, input.rest());
  if ((first & 3) == 3 && !channel.methods.empty()) return fuzzRequest(channel, variant, input);
  fuzzConversation(channel, variant, input.rest());
}

Script& Script::says(std::string_view bytes, Op how) {
  constexpr size_t kMost = 255;
  do {
    const std::string_view part = bytes.substr(0, kMost);
    bytes.remove_prefix(part.size());
    then(how, static_cast<uint8_t>(part.size()));
    bytes_ += part;
  } while (!bytes.empty());
  return *this;
}

Script& Script::then(Op op, uint8_t argument) {
  then(op);
  bytes_ += static_cast<char>(argument);
  return *this;
}

Script& Script::then(Op op) {
  bytes_ += static_cast<char>(op);
  return *this;
}

}  // namespace gw::fuzz
