#include "backend/link/socket.h"

#include <gtest/gtest.h>

#include "support/link_socket_pair.h"

namespace gw::link {
namespace {

using test::linkFrame;
using test::LinkSocketPair;
using Got = LinkSocket::Got;

constexpr size_t kMost = 1000;

Got next(LinkSocketPair& pair, std::string& message) {
  std::string_view view;
  const Got got = pair.host().receive(view);
  message = std::string(view);
  return got;
}

TEST(LinkSocket, AMessageIsReadOnceAllOfItIsThere) {
  LinkSocketPair pair(kMost);
  std::string message;
  EXPECT_EQ(next(pair, message), Got::kNothing);
  const std::string frame = linkFrame(1, "hello");
  for (size_t i = 0; i + 1 < frame.size(); ++i) {
    pair.write(frame.substr(i, 1));
    EXPECT_EQ(next(pair, message), Got::kPartial) << i;
  }
  pair.write(frame.substr(frame.size() - 1));
  EXPECT_EQ(next(pair, message), Got::kMessage);
  EXPECT_EQ(message, "hello");
  EXPECT_EQ(next(pair, message), Got::kNothing);
}

TEST(LinkSocket, FragmentsAreOneMessageAndAPingBetweenThemIsAnswered) {
  LinkSocketPair pair(kMost);
  pair.write(linkFrame(1, "one ", false) + linkFrame(9, "there?") + linkFrame(0, "two ", false) +
             linkFrame(0, "three") + linkFrame(1, "next"));
  std::string message;
  EXPECT_EQ(next(pair, message), Got::kControl);
  EXPECT_EQ(next(pair, message), Got::kControl);
  EXPECT_EQ(pair.read(), std::string("\x8a\x06there?"));
  EXPECT_EQ(next(pair, message), Got::kControl);
  EXPECT_EQ(next(pair, message), Got::kMessage);
  EXPECT_EQ(message, "one two three");
  EXPECT_EQ(next(pair, message), Got::kMessage);
  EXPECT_EQ(message, "next");
}

TEST(LinkSocket, EmptyFramesAreFramesToo) {
  LinkSocketPair pair(kMost);
  pair.write(linkFrame(9, "") + linkFrame(1, "") + linkFrame(10, ""));
  std::string message = "x";
  EXPECT_EQ(next(pair, message), Got::kControl);
  EXPECT_EQ(next(pair, message), Got::kMessage);
  EXPECT_EQ(message, "");
  EXPECT_EQ(next(pair, message), Got::kControl);
}

TEST(LinkSocket, ACharacterMayBeSplitByFragmentsButMustBeWhole) {
  LinkSocketPair pair(kMost);
  std::string message;
  pair.write(linkFrame(1, "\xc3", false) + linkFrame(0, "\xa4"));
  EXPECT_EQ(next(pair, message), Got::kControl);
  EXPECT_EQ(next(pair, message), Got::kMessage);
  pair.write(linkFrame(1, "\xc3"));
  EXPECT_EQ(next(pair, message), Got::kEnd);
  EXPECT_EQ(pair.host().closeCode(), close_code::kNotUtf8);
}

TEST(LinkSocket, TheBoundHoldsForAMessageWhetherWholeOrInFragments) {
  std::string message;
  {
    LinkSocketPair pair(kMost);
    pair.write(linkFrame(1, std::string(kMost, 'x')));
    EXPECT_EQ(next(pair, message), Got::kMessage);
    pair.write(linkFrame(1, std::string(kMost + 1, 'x')).substr(0, 14));
    EXPECT_EQ(next(pair, message), Got::kEnd) << "its head is enough";
    EXPECT_EQ(pair.host().closeCode(), close_code::kTooBig);
  }
  LinkSocketPair pair(kMost);
  pair.write(linkFrame(1, std::string(600, 'x'), false) + linkFrame(0, std::string(401, 'x')));
  EXPECT_EQ(next(pair, message), Got::kControl);
  EXPECT_EQ(next(pair, message), Got::kEnd);
  EXPECT_EQ(pair.host().closeCode(), close_code::kTooBig);
}

TEST(LinkSocket, WhatPocoWouldLetPassIsRefused) {
  const auto unmasked = std::string("\x81\x02{}");
  const auto reserved = std::string("\xc1\x82mask\x16\x1c", 8);
  for (const auto& [bytes, code] : {std::pair{unmasked, close_code::kProtocol},
                                    {reserved, close_code::kProtocol},
                                    {linkFrame(2, "{}"), close_code::kNotText},
                                    {linkFrame(3, "{}"), close_code::kProtocol},
                                    {linkFrame(11, ""), close_code::kProtocol},
                                    {linkFrame(0, "{}"), close_code::kProtocol},
                                    {linkFrame(9, "x", false), close_code::kProtocol},
                                    {linkFrame(8, std::string(126, 'x')), close_code::kProtocol},
                                    {linkFrame(1, "a", false) + linkFrame(1, "b"), close_code::kProtocol}}) {
    LinkSocketPair pair(kMost);
    pair.write(bytes);
    std::string message;
    Got got = next(pair, message);
    if (got == Got::kControl) got = next(pair, message);
    EXPECT_EQ(got, Got::kEnd);
    EXPECT_EQ(pair.host().closeCode(), code) << pair.host().problem();
  }
}

TEST(LinkSocket, AGoodbyeIsReturnedWithItsCode) {
  LinkSocketPair pair(kMost);
  pair.write(linkFrame(8, std::string("\x03\xe9", 2) + "going"));
  std::string message;
  EXPECT_EQ(next(pair, message), Got::kEnd);
  EXPECT_EQ(pair.host().closeCode(), 1001);
  EXPECT_EQ(pair.read(), std::string("\x88\x02\x03\xe9", 4));
}

TEST(LinkSocket, AConnectionThatJustEndsHasNoCode) {
  LinkSocketPair pair(kMost);
  pair.write(linkFrame(1, "last"));
  pair.endInput();
  std::string message;
  EXPECT_EQ(next(pair, message), Got::kMessage);
  EXPECT_EQ(next(pair, message), Got::kEnd);
  EXPECT_EQ(pair.host().closeCode(), 0);
}

}  // namespace
}  // namespace gw::link
