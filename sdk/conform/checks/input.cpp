// split, input, timers: what comes in, and when.
#include "conform/check.h"
#include "conform/plugin_heap.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

using testing::FakeConn;

constexpr size_t kMostSplits = 400;         // of a conversation
constexpr int kMutants = 60;                // of a conversation
constexpr size_t kMostUnread = 256 * 1024;  // the gateway keeps so much before it stops reading
constexpr size_t kFlood = 320 * 1024;
constexpr size_t kEnough = 64 * 1024;           // of what it consumes
constexpr size_t kLongFlood = 2 * 1024 * 1024;  // of what has no end
constexpr size_t kFloodPiece = 16 * 1024;       // the gateway's read
constexpr int64_t kMostHeld = 1024 * 1024;      // of one client
constexpr uint64_t kAnHourMs = 3'600'000;

std::string mutated(std::string bytes, std::mt19937_64& random) {
  constexpr unsigned char kOdd[] = {0x00, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0xf0, 0xfa, 0xfb, 0xff};
  for (uint64_t edits = 1 + random() % 6; edits > 0; --edits) {
    const size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const char odd = static_cast<char>(random() % 2 == 0 ? kOdd[random() % std::size(kOdd)] : random() % 256);
    switch (random() % 5) {
      case 0:
        if (!bytes.empty()) bytes[at] = odd;
        break;
      case 1:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), 1 + random() % 8, odd);
        break;
      case 2:
        bytes.erase(at, 1 + random() % 8);
        break;
      case 3:
        bytes += bytes.substr(at, random() % 64);
        break;
      default:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    }
    if (bytes.size() > kMostSent) bytes.resize(kMostSent);
  }
  return bytes;
}

Conversation mutantOf(const Conversation& conversation, std::mt19937_64& random) {
  Conversation out = conversation;
  for (Step& step : out.steps)
    if (step.kind == Step::Kind::kSend && random() % 2 == 0) step.bytes = mutated(step.bytes, random);
  return out;
}

std::string repeated(std::string_view pattern, size_t length) {
  std::string out;
  out.reserve(length + pattern.size());
  while (out.size() < length) out += pattern;
  out.resize(length);
  return out;
}

std::vector<std::pair<std::string, std::string>> floodsOf(const Conversation& conversation, std::mt19937_64& random) {
  std::string all, noise(kFlood, '\0');
  for (const Step& step : conversation.steps)
    if (step.kind == Step::Kind::kSend) all += step.bytes;
  for (char& c : noise) c = static_cast<char>(random());
  std::vector<std::pair<std::string, std::string>> out{{"the letter x", repeated("x", kLongFlood)},
                                                       {"the byte 0xff", repeated("\xff", kFlood)},
                                                       {"line ends", repeated("\r\n", kFlood / 8)},
                                                       {"bytes at random", std::move(noise)}};
  if (!all.empty()) {
    out.emplace_back("what it says", repeated(all, kFlood));
    out.emplace_back("its first byte", repeated(all.substr(0, 1), kFlood));
    out.emplace_back("all but its last byte", repeated(all.substr(0, all.size() - 1), kFlood));
  }
  return out;
}

/// It takes them, or it closes. What it keeps of them is bounded.
void flood(Visit& visit, const std::string& name, const std::string& bytes) {
  FakeConn& conn = visit.conn();
  const int64_t before = plugin_heap::netBytes();
  const size_t enough = bytes.size() > kFlood ? bytes.size() : kEnough;
  for (size_t at = 0; at < bytes.size() && !conn.closedBy().has_value(); at += kFloodPiece) {
    conn.receive(std::string_view(bytes).substr(at, kFloodPiece));
    visit.settle();
    const int64_t held = plugin_heap::netBytes() - before;
    if (held > kMostHeld)
      throw Failure{"of " + std::to_string(at + kFloodPiece) + " bytes (" + name + ") it holds " +
                    std::to_string(held) + " bytes of memory: whatever a peer can grow has a bound"};
    if (at >= enough && conn.unread().size() < at / 2) return;
  }
  if (conn.closedBy().has_value() || conn.isReadPaused()) return;
  if (conn.unread().size() >= kMostUnread)
    throw Failure{"of " + std::to_string(bytes.size()) + " bytes (" + name +
                  ") it consumes none and does not close: the connection is stuck"};
}

void floodAll(Context& context, const Conversation& conversation, std::mt19937_64& random) {
  for (const auto& [name, bytes] : floodsOf(conversation, random)) {
    context.step(conversation.name + ": a flood of " + name);
    Trial trial(context.plugin(), context.optionsOf(conversation));
    {
      Visit visit(trial.host(), conversation);
      flood(visit, name, bytes);
      visit.end();
    }
    trial.finish();
  }
}

bool takesInput(Context& context, const Conversation& conversation) {
  Trial trial(context.plugin(), context.optionsOf(conversation));
  return Visit(trial.host(), conversation).takesInput();
}

}  // namespace

void checkSplit(Context& context) {
  bool isTried = false;
  for (const Conversation& conversation : context.streams()) {
    if (!takesInput(context, conversation) || conversation.bytesSent() == 0) continue;
    isTried = true;
    const std::string& options = context.optionsOf(conversation);
    context.step(conversation.name + ": each piece whole");
    const Transcript whole = converse(context.plugin(), options, conversation, {});
    const auto expectSame = [&](const Visit::Manner& manner, const std::string& how) {
      context.step(conversation.name + ": " + how);
      const std::string why = differenceOf(whole, converse(context.plugin(), options, conversation, manner));
      if (!why.empty()) throw Failure{conversation.name + ": " + how + ": " + why};
    };
    for (const size_t at : placesAmong(conversation.bytesSent(), kMostSplits, context.order().seed)) {
      Visit::Manner manner;
      manner.cut = Visit::Cut::kAt;
      manner.at = at;
      expectSame(manner, "cut before byte " + std::to_string(at));
    }
    Visit::Manner bytes;
    bytes.cut = Visit::Cut::kBytes;
    expectSame(bytes, "byte by byte");
  }
  if (!isTried) throw Skip{"its streams take no input"};
}

void checkHostileInput(Context& context) {
  std::mt19937_64 random = context.random();
  bool isTried = false;
  for (const Conversation& conversation : context.streams()) {
    if (!takesInput(context, conversation)) continue;
    isTried = true;
    const std::string& options = context.optionsOf(conversation);
    for (int i = 0; i < kMutants; ++i) {
      context.step(conversation.name + ": mutant " + std::to_string(i));
      Visit::Manner manner;
      manner.cut = random() % 2 == 0 ? Visit::Cut::kWhole : Visit::Cut::kBytes;
      converse(context.plugin(), options, mutantOf(conversation, random), manner);
    }
    floodAll(context, conversation, random);
  }
  if (!isTried) throw Skip{"its streams take no input"};
}

void checkTimers(Context& context) {
  for (Conversation conversation : context.streams()) {
    Step idle;
    idle.kind = Step::Kind::kWait;
    idle.ms = kAnHourMs;
    conversation.steps.push_back(idle);
    const std::string& options = context.optionsOf(conversation);
    context.step(conversation.name + ": an hour at once");
    const Transcript expected = converse(context.plugin(), options, conversation, {});
    context.step(conversation.name + ": an hour in quarters of a second");
    Visit::Manner manner;
    manner.isSlicedInTime = true;
    const std::string why = differenceOf(expected, converse(context.plugin(), options, conversation, manner));
    if (!why.empty()) throw Failure{conversation.name + ": with time in small pieces: " + why};
  }
}

}  // namespace gw::conform
