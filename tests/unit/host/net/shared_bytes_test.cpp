#include "net/shared_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace gw::net {
namespace {

TEST(SharedBytes, CopiesShareOneBlock) {
  std::string text = "hello";
  SharedBytes a(text);
  text[0] = 'J';
  SharedBytes b = a;
  EXPECT_EQ(a.view(), "hello");
  EXPECT_EQ(a.view().data(), b.view().data());
  b = SharedBytes("other");
  EXPECT_EQ(a.view(), "hello");
  EXPECT_EQ(b.view(), "other");
}

TEST(SharedBytes, NoneAndEmptyAreDifferentAndBothReadable) {
  EXPECT_FALSE(SharedBytes());
  EXPECT_EQ(SharedBytes().view(), "");
  EXPECT_EQ(SharedBytes().size(), 0u);
  EXPECT_TRUE(SharedBytes(""));
  EXPECT_EQ(SharedBytes("").size(), 0u);
}

TEST(SharedBytes, TravelsThroughARawPointer) {
  SharedBytes a("payload");
  void* raw = SharedBytes(a).release();
  SharedBytes shared = SharedBytes::share(raw);
  SharedBytes adopted = SharedBytes::adopt(raw);
  a = SharedBytes();
  EXPECT_EQ(shared.view(), "payload");
  EXPECT_EQ(adopted.view().data(), shared.view().data());
}

TEST(SharedBytes, IsCountedAcrossThreads) {
  SharedBytes bytes(std::string(1000, 'x'));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([copy = bytes] {
      for (int i = 0; i < 10'000; ++i) {
        SharedBytes mine = copy;
        ASSERT_EQ(mine.size(), 1000u);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(bytes.view().front(), 'x');
}

}  // namespace
}  // namespace gw::net
