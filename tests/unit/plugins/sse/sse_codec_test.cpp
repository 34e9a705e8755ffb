#include "sse_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace gw::sse {
namespace {

// What an EventSource makes of a stream, by the WHATWG rules; independent of the encoder.
struct Dispatched {
  std::string type, data, lastId;
  bool operator==(const Dispatched&) const = default;
};
void PrintTo(const Dispatched& event, std::ostream* out) {
  *out << event.type << "|" << event.data << "|" << event.lastId;
}

std::vector<Dispatched> parse(std::string_view stream) {
  std::vector<Dispatched> events;
  std::string type, data, lastId;
  while (!stream.empty()) {
    const size_t end = stream.find_first_of("\r\n");
    if (end == std::string_view::npos) break;  // an unfinished line is not an event
    const std::string_view line = stream.substr(0, end);
    stream.remove_prefix(end + (stream.substr(end).starts_with("\r\n") ? 2 : 1));
    if (line.empty()) {
      if (!data.empty()) events.push_back({type, data.substr(0, data.size() - 1), lastId});
      type.clear();
      data.clear();
      continue;
    }
    const size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") type = value;
    if (field == "data") data.append(value).push_back('\n');
    if (field == "id") lastId = value;
  }
  return events;
}

std::string idField(Position position) {
  char field[kMaxIdField];
  return {field, writeIdField(field, position)};
}

TEST(SseCodec, WritesNameAndPayload) {
  EXPECT_EQ(eventBody("output", R"({"text":"hi"})"), "event: output\ndata: {\"text\":\"hi\"}\n\n");
  EXPECT_EQ(idField({7, 42}) + eventBody("tick", "{}"), "id: 7.42\nevent: tick\ndata: {}\n\n");
  EXPECT_EQ(idField({UINT64_MAX, UINT64_MAX}).size(), kMaxIdField);
}

TEST(SseCodec, KeepsAPayloadOfSeveralLinesInOneEvent) {
  for (const char* payload : {"a\nb", "a\rb", "a\r\nb"}) {
    EXPECT_EQ(parse(eventBody("e", payload)), (std::vector<Dispatched>{{"e", "a\nb", ""}})) << payload;
  }
  EXPECT_EQ(parse(eventBody("e", "x\n\nid: 9.9\nevent: forged\n")),
            (std::vector<Dispatched>{{"e", "x\n\nid: 9.9\nevent: forged\n", ""}}));
}

TEST(SseCodec, KeepsTheLastIdOverEventsWithoutOne) {
  const std::string stream = std::string(kRetry) + idField({1, 5}) + eventBody("a", "1") + std::string(kHeartbeat) +
                             eventBody("presence", "2");
  EXPECT_EQ(parse(stream), (std::vector<Dispatched>{{"a", "1", "1.5"}, {"presence", "2", "1.5"}}));
}

TEST(SseCodec, ReadsOnlyWholeEventIds) {
  EXPECT_EQ(parseEventId("3.17"), (Position{3, 17}));
  EXPECT_EQ(parseEventId("0.0"), (Position{0, 0}));
  EXPECT_EQ(parseEventId("18446744073709551615.18446744073709551615"), (Position{UINT64_MAX, UINT64_MAX}));
  for (const char* id : {"", ".", "3", "3.", ".3", "3.4.5", "-1.2", "+1.2", "1.-2", " 1.2", "1.2 ", "0x1.2", "a.b",
                         "18446744073709551616.1", "1,2"}) {
    EXPECT_EQ(parseEventId(id), std::nullopt) << id;
  }
}

}  // namespace
}  // namespace gw::sse
