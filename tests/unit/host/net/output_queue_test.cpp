#include "net/output_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace gw::net {
namespace {

std::string contents(const OutputQueue& queue) {
  iovec iov[512];
  const int count = queue.segments(iov, 512);
  std::string out;
  for (int i = 0; i < count; ++i) out.append(static_cast<const char*>(iov[i].iov_base), iov[i].iov_len);
  return out;
}

TEST(OutputQueue, AUnitWithATinyBodyIsOneSegment) {
  IoScratch scratch;
  OutputQueue queue;
  queue.appendUnit(scratch, "head", SharedBytes("body"), "tail");
  iovec iov[8];
  ASSERT_EQ(queue.segments(iov, 8), 1);
  EXPECT_EQ(contents(queue), "headbodytail");
  EXPECT_EQ(queue.bytes(), 12u);
}

TEST(OutputQueue, ABodyIsSharedNotCopied) {
  IoScratch scratch;
  OutputQueue queue;
  const SharedBytes body(std::string(300, 'b'));
  queue.appendUnit(scratch, "head", body, "tail");
  iovec iov[8];
  ASSERT_EQ(queue.segments(iov, 8), 3);
  EXPECT_EQ(iov[1].iov_base, body.view().data());
  EXPECT_EQ(contents(queue), "head" + std::string(300, 'b') + "tail");
}

TEST(OutputQueue, AnEmptyQueueOwnsNoChunk) {
  IoScratch scratch;
  OutputQueue queue;
  queue.appendUnit(scratch, "", SharedBytes(), "");
  iovec iov[2];
  EXPECT_EQ(queue.segments(iov, 2), 0);
  queue.appendUnit(scratch, "x", SharedBytes(), "");
  EXPECT_EQ(scratch.keptChunks(), 0u);
  queue.clear(scratch);
  EXPECT_TRUE(queue.isEmpty());
  EXPECT_EQ(scratch.keptChunks(), 1u);
}

TEST(OutputQueue, KeepsOrderWhateverIsConsumedWhen) {
  std::mt19937 random(3);
  for (int run = 0; run < 50; ++run) {
    IoScratch scratch;
    OutputQueue queue;
    std::string expected, got;
    for (int step = 0; step < 200; ++step) {
      const std::string head(random() % 100, static_cast<char>('a' + random() % 26));
      const std::string tail(random() % 100, static_cast<char>('A' + random() % 26));
      const std::string body(random() % 4 == 0 ? random() % 9000 : random() % 300,
                             static_cast<char>('0' + random() % 10));
      queue.appendUnit(scratch, head, SharedBytes(body), tail);
      expected += head + body + tail;
      const size_t take = random() % (queue.bytes() + 1);
      std::string front(take, '\0');
      const size_t copied = queue.copyFront(front.data(), take);
      front.resize(copied);
      got += front;
      queue.consume(scratch, copied);
      ASSERT_EQ(queue.bytes(), expected.size() - got.size());
    }
    got += contents(queue);
    ASSERT_EQ(got, expected);
  }
}

TEST(IoScratch, KeepsABoundedNumberOfChunks) {
  IoScratch scratch;
  OutputQueue queue;
  for (int i = 0; i < 3000; ++i) queue.appendUnit(scratch, std::string(1024, 'x'), SharedBytes(), "");
  queue.clear(scratch);
  EXPECT_LE(scratch.keptChunks(), IoScratch::kKeptBytes / 4096 + 2);
}

}  // namespace
}  // namespace gw::net
