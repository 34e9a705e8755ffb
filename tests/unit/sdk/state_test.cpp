// States as bytes: small, deterministic, and read as if a stranger had written them.
#include "gw/state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw::sdk {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMost = 4096;

enum class Colour : uint8_t { kNone, kRed, kBlue };

struct Item {
  std::string name;
  uint16_t count = 0;
  bool operator==(const Item&) const = default;
};

struct Sample {
  std::string line;
  uint32_t width = 0;
  uint64_t epoch = 0;
  bool isCut = false;
  Colour colour = Colour::kNone;
  Item inner;
  std::vector<Item> items;
  bool operator==(const Sample&) const = default;

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.text(1, "line", self.line, 10);
    f.number(2, "width", self.width, 1000);
    f.number(3, "epoch", self.epoch, UINT64_MAX);
    f.flag(4, "isCut", self.isCut);
    f.number(5, "colour", self.colour, Colour::kBlue);
    f.section(6, "inner", [&](auto& in) { item(self.inner, in); });
    f.list(300, "items", self.items, 3, [](auto& each, auto& in) { item(each, in); });
  }
  template <class Self, class Fields>
  static void item(Self& self, Fields& f) {
    f.text(1, "name", self.name, 8);
    f.number(2, "count", self.count, 500);
  }
};

Sample full() {
  return {"a\0b", 1000, UINT64_MAX, true, Colour::kBlue, {"deep", 300}, {{"x", 1}, {}, {"zzzzzzzz", 500}}};
}

std::string bytesOf(const Sample& sample) {
  StateWriter out(1, kMost);
  Sample::fields(sample, out);
  return std::string(out.finish());
}

Sample sampleOf(std::string_view bytes) {
  Sample sample;
  StateReader in(1, bytes);
  Sample::fields(sample, in);
  in.finish();
  return sample;
}

std::string errorOf(std::string_view bytes) {
  try {
    sampleOf(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

std::string operator""_b(const char* text, size_t length) { return {text, length}; }

TEST(State, ComesBackAsItWas) {
  EXPECT_EQ(sampleOf(bytesOf(full())), full());
  EXPECT_EQ(bytesOf(sampleOf(bytesOf(full()))), bytesOf(full()));
}

TEST(State, DefaultsTakeNoBytes) {
  EXPECT_EQ(bytesOf({}), "\0"_b);
  EXPECT_EQ(sampleOf("\0"_b), Sample{});
}

TEST(State, IsTagLengthAndLittleEndianBytes) {
  Sample sample;
  sample.line = "hi";
  sample.width = 300;
  sample.isCut = true;
  EXPECT_EQ(bytesOf(sample), "\x01\x02hi\x02\x02\x2c\x01\x04\x01\x01\0"_b);
  sample = {};
  sample.items = {{"a", 0}};
  EXPECT_EQ(bytesOf(sample), "\xac\x02\x05\x01\x03\x01\x01\x61\0"_b) << "tag 300 has two bytes";
}

TEST(State, UnknownFieldsAreSkipped) {
  Sample expected;
  expected.width = 5;
  expected.inner.count = 1;
  EXPECT_EQ(sampleOf("\x02\x01\x05\x06\x06\x02\x01\x01\x09\x01!\x07\x03new\xad\x02\x00\0"_b), expected);
}

TEST(State, RefusalsNameTheField) {
  EXPECT_THAT(errorOf("\x01\x0b" + std::string(11, 'x') + "\0"_b), HasSubstr("field line has 11 bytes, more than 10"));
  EXPECT_THAT(errorOf("\x02\x02\xe9\x03\0"_b), HasSubstr("field width is 1001, more than 1000"));
  EXPECT_THAT(errorOf("\x02\x09" + std::string(9, '\0') + "\0"_b), HasSubstr("field width is longer than a number"));
  EXPECT_THAT(errorOf("\x02\x08" + std::string(8, '\xff') + "\0"_b), HasSubstr("field width is 18446744073709551615"));
  EXPECT_THAT(errorOf("\x04\x01\x02\0"_b), HasSubstr("field isCut is no flag"));
  EXPECT_THAT(errorOf("\x05\x01\x03\0"_b), HasSubstr("field colour is 3, more than 2"));
  EXPECT_THAT(errorOf("\x06\x04\x02\x02\xf5\x01\0"_b), HasSubstr("field inner.count is 501, more than 500"));
  EXPECT_THAT(errorOf("\xac\x02\x06\x01\x00\x02\x02\x02\x7f\0"_b), HasSubstr("field items.2.2 is cut off"));
  EXPECT_THAT(errorOf("\xac\x02\x08\x01\x00\x02\x04\x02\x02\xff\x7f\0"_b), HasSubstr("field items.2.count is 32767"));
  EXPECT_THAT(errorOf("\xac\x02\x08\x01\x00\x02\x00\x03\x00\x04\x00\0"_b), HasSubstr("field items has more than 3"));
  EXPECT_THAT(errorOf("\xac\x02\x02\x02\x00\0"_b), HasSubstr("field items.1 is missing"));
}

TEST(State, RefusesWhatIsNoState) {
  EXPECT_THAT(errorOf(""), HasSubstr("the state has no end"));
  EXPECT_THAT(errorOf("\0\0"_b), HasSubstr("the state has no end"));
  EXPECT_THAT(errorOf("\x02\x01\x05\x01\x01x\0"_b), HasSubstr("field 1 is out of order"));
  EXPECT_THAT(errorOf("\x02\x01\x05\x02\x01\x05\0"_b), HasSubstr("field 2 is out of order"));
  EXPECT_THAT(errorOf("\x06\x01\x00\0"_b), HasSubstr("field inner ends too early"));
  EXPECT_THAT(errorOf("\x07\xff\xff\xff\xff\x7f\0"_b), HasSubstr("bad tag or length"));
  EXPECT_THAT(errorOf("\x07\xff\xff\xff\xff\x0f\0"_b), HasSubstr("field 7 is cut off"));
  EXPECT_THAT(errorOf("\xff\xff\xff\xff\xff\xff\0"_b), HasSubstr("bad tag or length"));
}

TEST(State, EveryTruncationIsRefused) {
  const std::string bytes = bytesOf(full());
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(errorOf(bytes.substr(0, length)), "none") << length;
  }
}

TEST(State, EveryFlippedBitIsRefusedOrReadsWithinBounds) {
  const std::string bytes = bytesOf(full());
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    if (errorOf(flipped) != "none") continue;
    const Sample read = sampleOf(flipped);
    EXPECT_LE(read.line.size(), 10u);
    EXPECT_LE(read.width, 1000u);
    EXPECT_LE(read.items.size(), 3u);
    EXPECT_EQ(sampleOf(bytesOf(read)), read) << "what is read can be written";
  }
}

TEST(State, WriterRefusesWhatItsReaderWould) {
  Sample sample;
  sample.line = std::string(11, 'x');
  EXPECT_THROW(bytesOf(sample), Error);
  sample = {};
  sample.width = 1001;
  EXPECT_THROW(bytesOf(sample), Error);
  sample = {};
  sample.items.resize(4);
  EXPECT_THROW(bytesOf(sample), Error);
}

TEST(State, WriterStaysWithinItsBound) {
  StateWriter fits(1, 6);
  fits.text(1, "line", "xyz", 3);
  EXPECT_EQ(fits.finish(), "\x01\x03xyz\0"_b);
  StateWriter out(1, 5);
  EXPECT_THROW(out.text(1, "line", "xyz", 3), Error);
}

TEST(State, TagsMustAscend) {
  StateWriter out(1, kMost);
  out.flag(2, "two", true);
  EXPECT_THROW(out.flag(2, "again", true), Error);
  EXPECT_THROW(out.flag(1, "one", true), Error);
}

TEST(State, LongStatesGrow) {
  StateWriter out(1, 1 << 20);
  const std::string long1(100'000, 'a'), long2(300'000, 'b');
  out.text(1, "a", long1, long1.size());
  out.text(2, "b", long2, long2.size());
  const std::string bytes(out.finish());
  StateReader in(1, bytes);
  EXPECT_EQ(in.textView(1, "a", long1.size()), long1);
  EXPECT_EQ(in.textView(2, "b", long2.size()), long2);
  in.finish();
}

}  // namespace
}  // namespace gw::sdk
