#include "session/saved_parts.h"

#include <gtest/gtest.h>

namespace gw::session {
namespace {

store::SessionBundle bundle() {
  store::SessionBundle b;
  b.lineages = {{"1", "phone", 1, 5}};
  b.devices = {{"phone", 3}};
  b.commands = {{7, "say hello"}};
  b.rooms = {"lobby"};
  b.tokens = {{"hash", "reconnect", {}, "1", "phone", "", "", 0, 99}};
  return b;
}

TEST(SavedParts, TheFirstSaveWritesEverything) {
  SavedParts parts;
  auto b = bundle();
  parts.compare(b);
  EXPECT_FALSE(b.unchanged.any());
}

TEST(SavedParts, WhatIsAsItWasNeedNotBeWritten) {
  SavedParts parts;
  auto first = bundle();
  parts.compare(first);
  auto second = bundle();
  parts.compare(second);
  EXPECT_TRUE(second.unchanged.lineages && second.unchanged.devices && second.unchanged.commands &&
              second.unchanged.tokens && second.unchanged.rooms);
}

TEST(SavedParts, AnyChangeIsSeen) {
  using Bundle = store::SessionBundle;
  const auto afterChange = [](void (*change)(Bundle&)) {
    SavedParts parts;
    auto first = bundle();
    parts.compare(first);
    auto second = bundle();
    change(second);
    parts.compare(second);
    return second.unchanged;
  };
  EXPECT_FALSE(afterChange([](Bundle& b) { b.lineages[0].seq = 6; }).lineages);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.lineages.clear(); }).lineages);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.devices[0].lastClientSeq = 4; }).devices);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.devices.push_back({"tablet", 1}); }).devices);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.commands.clear(); }).commands);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.tokens[0].successorHash = "next"; }).tokens);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.tokens[0].expiresAt = 100; }).tokens);
  EXPECT_FALSE(afterChange([](Bundle& b) { b.rooms = {"garden"}; }).rooms);
  const auto others = afterChange([](Bundle& b) { b.rooms = {"garden"}; });
  EXPECT_TRUE(others.lineages && others.devices && others.commands && others.tokens);
}

TEST(SavedParts, AfterAFailureEverythingIsWrittenAgain) {
  SavedParts parts;
  auto first = bundle();
  parts.compare(first);
  parts.forget();
  auto second = bundle();
  parts.compare(second);
  EXPECT_FALSE(second.unchanged.any());
}

}  // namespace
}  // namespace gw::session
