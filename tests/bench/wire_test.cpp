#include "bench/wire.h"

#include <gtest/gtest.h>

#include <vector>

#include "bench/figures.h"

namespace gw::bench {
namespace {

std::vector<std::string> unitsOf(Wire wire, std::string_view bytes) {
  std::vector<std::string> out;
  Unit unit;
  bool isBad = false;
  while (nextUnit(wire, bytes, unit, isBad)) {
    out.emplace_back(unit.payload);
    bytes.remove_prefix(unit.wireBytes);
  }
  EXPECT_FALSE(isBad);
  return out;
}

TEST(BenchWire, FindsFramesOfEachLengthForm) {
  for (const size_t size : {0u, 125u, 126u, 65535u, 65536u}) {
    const std::string payload(size, 'p');
    const std::string two = serverFrame(1, payload) + serverFrame(1, "end");
    EXPECT_EQ(unitsOf(Wire::kWebSocket, two), (std::vector<std::string>{payload, "end"}));
  }
}

TEST(BenchWire, KnowsAMessageByItsSenderAndItsNumber) {
  const Numbered found = findNumbered("Anna tells you: " + markerOf({0x2a, 0xdeadbeef}) + "\r");
  EXPECT_EQ(found.sender, 0x2au);
  EXPECT_EQ(found.number, 0xdeadbeefu);
  EXPECT_EQ(findNumbered("~C0000002a0000").number, 0u);
  EXPECT_EQ(findNumbered("~C0000002aa lot of text").number, 0u);
  EXPECT_EQ(findNumbered(marker(7)).number, 0u);
  EXPECT_EQ(findMarker(markerOf({1, 7})), 0u);
}

TEST(BenchWire, WaitsForTheWholeUnitAtEverySplit) {
  const std::pair<Wire, std::string> samples[] = {
      {Wire::kWebSocket, serverFrame(1, std::string(200, 'p'))},
      {Wire::kSse, "id: 1.17\nevent: output\ndata: {}\n\n"},
      {Wire::kTelnet, "Guest says: hello\r\n"},
  };
  for (const auto& [wire, bytes] : samples) {
    Unit unit;
    bool isBad = false;
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(nextUnit(wire, std::string_view(bytes).substr(0, size), unit, isBad)) << size;
    ASSERT_TRUE(nextUnit(wire, bytes, unit, isBad));
    EXPECT_EQ(unit.wireBytes, bytes.size());
  }
}

TEST(BenchWire, RefusesMaskedServerFrames) {
  Unit unit;
  bool isBad = false;
  EXPECT_FALSE(nextUnit(Wire::kWebSocket, clientFrame(1, "x"), unit, isBad));
  EXPECT_TRUE(isBad);
}

TEST(BenchWire, ReadsMarkerAndSeqOfEachWire) {
  const std::string text = "Guest says: " + marker(0x1f) + " xx";
  EXPECT_EQ(findMarker(text), 0x1fu);
  EXPECT_EQ(findMarker("Guest says: ~B12"), 0u);
  EXPECT_EQ(findMarker("~Bnothing8 x"), 0u);
  EXPECT_EQ(findSeq(Wire::kWebSocket, R"({"type":"event","seq":42,"event":"output"})"), 42u);
  EXPECT_EQ(findSeq(Wire::kWebSocket, R"({"type":"event","event":"output"})"), 0u);
  EXPECT_EQ(findSeq(Wire::kSse, "id: 3.17\nevent: output\ndata: {}"), 17u);
  EXPECT_EQ(findSeq(Wire::kTelnet, "id: 3.17"), 0u);
}

TEST(BenchWire, UnmasksWhatAClientSends) {
  const std::string frame = clientFrame(1, "hello, ceiling");
  uint8_t opcode = 0;
  std::string payload;
  EXPECT_EQ(takeClientFrame(frame.substr(0, frame.size() - 1), opcode, payload), 0u);
  EXPECT_EQ(takeClientFrame(frame + "rest", opcode, payload), frame.size());
  EXPECT_EQ(opcode, 1);
  EXPECT_EQ(payload, "hello, ceiling");
}

TEST(BenchWire, FindsMembersOfBothKinds) {
  EXPECT_EQ(findMember(R"({"a":"b","epoch":12})", "epoch"), "12");
  EXPECT_EQ(findMember(R"({"name":"Guest 7","x":1})", "name"), "Guest 7");
  EXPECT_EQ(findMember(R"({"x":1})", "name"), "");
}

TEST(BenchLatencies, PercentilesAreWithinABucketOfTheTruth) {
  Latencies latencies;
  for (uint64_t us = 1; us <= 1000; ++us) latencies.add(us * 1000);
  EXPECT_NEAR(static_cast<double>(latencies.percentileNs(0.5)), 500e3, 500e3 / 30);
  EXPECT_NEAR(static_cast<double>(latencies.percentileNs(0.99)), 990e3, 990e3 / 30);
  EXPECT_GE(latencies.percentileNs(1), 1000e3);
  latencies.clear();
  EXPECT_EQ(latencies.percentileNs(0.99), 0u);
}

TEST(BenchLatencies, TheMedianOfAnEvenNumberIsBetween) {
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({9, 1, 3}), 3);
}

}  // namespace
}  // namespace gw::bench
