#include "conform/transcript.h"

#include <algorithm>

#include "conform/conversation.h"

namespace gw::conform {
namespace {

const char* inputName(uint32_t kind) {
  switch (kind) {
    case GW_INPUT_LINE:
      return "line";
    case GW_INPUT_COMMAND:
      return "command";
    case GW_INPUT_CAPS:
      return "caps";
    default:
      return "ping";
  }
}

class Writer {
 public:
  void add(std::string name, std::string value) { out_.entries.push_back({std::move(name), std::move(value)}); }

  template <class Records, class Say>
  void each(const char* name, const Records& records, const Say& say) {
    size_t number = 0;
    for (const auto& record : records) add(std::string(name) + ' ' + std::to_string(++number), say(record));
  }

  Transcript take() { return std::move(out_); }

 private:
  Transcript out_;
};

std::string sayHello(const testing::RecordedHello& hello) {
  return "mode " + std::to_string(hello.mode) + ", caps " + std::to_string(hello.caps) + ", " +
         std::to_string(hello.width) + "x" + std::to_string(hello.height) + ", client " + inQuotes(hello.client) +
         ", credential " + inQuotes(hello.credential) + ", at " + std::to_string(hello.epoch) + "." +
         std::to_string(hello.lastSeq);
}

std::string sayInput(const testing::RecordedInput& input) {
  std::string text = std::string(inputName(input.kind)) + " " + inQuotes(input.text);
  if (input.kind == GW_INPUT_COMMAND) text += ", seq " + std::to_string(input.clientSeq);
  if (input.kind == GW_INPUT_CAPS)
    text += ", caps " + std::to_string(input.caps) + ", " + std::to_string(input.width) + "x" +
            std::to_string(input.height);
  return text;
}

/// "sent" is long: the place counts.
std::string differenceOfBytes(const std::string& expected, const std::string& got) {
  const auto [left, right] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
  const auto at = static_cast<size_t>(left - expected.begin());
  const size_t from = at < 12 ? 0 : at - 12;
  return "what was sent differs from byte " + std::to_string(at) + " on: expected ..." +
         inQuotes(expected.substr(from)) + ", got ..." + inQuotes(got.substr(from));
}

}  // namespace

Transcript transcriptOf(const testing::FakeConn& conn, Sight sight, uint64_t nowNs) {
  Writer out;
  out.each("hello", conn.hellos(), sayHello);
  out.each("input", conn.inputs(), sayInput);
  out.each("frame", conn.frames(), [](const std::string& frame) { return frame; });
  out.each("sign-in", conn.signIns(), [](const testing::RecordedSignIn& signIn) {
    return std::to_string(signIn.kind) + " of " + inQuotes(signIn.account);
  });
  out.each("ack", conn.acks(),
           [](const auto& ack) { return std::to_string(ack.first) + "." + std::to_string(ack.second); });
  if (sight == Sight::kTaken) return out.take();
  if (!conn.classes().empty()) {
    const testing::RecordedClass& cls = conn.classes().back();
    out.add("class", inQuotes(cls.description) + ", flags " + std::to_string(cls.flags));
  }
  // A stream that compresses ends a part wherever it is moved or rehearsed: the same text, other bytes.
  const bool isTransformed = std::any_of(conn.classes().begin(), conn.classes().end(),
                                         [](const auto& cls) { return (cls.flags & GW_CLASS_STREAM_TRANSFORM) != 0; });
  if (!isTransformed) out.add("sent", conn.sent());
  for (const auto& [id, at] : conn.timers())
    out.add("timer " + std::to_string(id), "in " + std::to_string(at - nowNs / 1'000'000) + " ms");
  out.add("end", conn.closedBy().has_value() ? "closed with " + std::to_string(conn.closedBy()->code) : "open");
  return out.take();
}

std::string differenceOf(const Transcript& expected, const Transcript& got) {
  const auto& left = expected.entries;
  const auto& right = got.entries;
  const auto [a, b] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (a == left.end() && b == right.end()) return {};
  const auto comesLater = [&, from = b](const std::string& name) {
    return std::any_of(from, right.end(), [&](const auto& entry) { return entry.name == name; });
  };
  if (a == left.end() || (b != right.end() && a->name != b->name && comesLater(a->name)))
    return b->name + " is one too many: " + b->value;
  if (b == right.end() || a->name != b->name) return a->name + " is missing: " + a->value;
  if (a->name == "sent") return differenceOfBytes(a->value, b->value);
  return a->name + ": expected " + a->value + ", got " + b->value;
}

}  // namespace gw::conform
