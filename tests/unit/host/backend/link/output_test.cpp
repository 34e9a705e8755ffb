#include "backend/link/output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gw::link {
namespace {

using Json = nlohmann::json;

constexpr LinkGrant kAll{true, true};

plugin::Event eventOf(const Json& output) {
  auto event = readOutput(output, kAll);
  EXPECT_TRUE(event.ok()) << (event ? "" : event.error().message);
  return event ? *event : plugin::Event{};
}

std::string refusalOf(const Json& output) {
  const auto event = readOutput(output, kAll);
  EXPECT_FALSE(event.ok()) << output;
  return event ? std::string() : event.error().message;
}

TEST(LinkOutput, TextKeepsItsColoursAndLosesEverythingElse) {
  const plugin::Event event = eventOf({{"type", "text"}, {"text", "a \x1b[31mred\x1b[0m\x1b[2J\x07 fox"}});
  EXPECT_EQ(event.text, "a red fox");
  ASSERT_EQ(event.spans.size(), 1u);
  EXPECT_EQ(event.spans[0].start, 2u);
  EXPECT_EQ(event.spans[0].len, 3u);
}

TEST(LinkOutput, BytesForTerminalsAreUntouchedAndWhoReadsJsonGetsTheText) {
  const plugin::Event event = eventOf({{"type", "terminal"}, {"data", "G1sySv8A"}, {"text", "A \x1b[2Jmenu."}});
  EXPECT_EQ(event.terminal, std::string("\x1b[2J\xff\0", 6));
  EXPECT_EQ(event.text, "A menu.");
  EXPECT_EQ(plugin::payloadJson(event), R"({"kind":"text","text":"A menu.","outputType":"terminal"})");
  EXPECT_EQ(eventOf({{"type", "terminal"}, {"data", "G1sySv8A"}}).text, "");
  for (const Json& data : {Json(), Json(""), Json(5), Json("G1sySv8"), Json("G1sySv8!")})
    EXPECT_NE(refusalOf({{"type", "terminal"}, {"data", data}}), "") << data;
  const auto refused = readOutput({{"type", "terminal"}, {"data", "G1sySv8A"}}, LinkGrant{true, false});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kForbidden);
}

TEST(LinkOutput, FormattedTextTakesSpansByBytesOfUtf8) {
  const plugin::Event event = eventOf({{"type", "formattedText"},
                                       {"text", "grün!"},
                                       {"spans", {{{"start", 0}, {"len", 5}, {"fg", 2}, {"italic", true}}}}});
  ASSERT_EQ(event.spans.size(), 1u);
  EXPECT_EQ(event.spans[0].fg, GW_COLOR_PALETTE(2));
  EXPECT_EQ(event.spans[0].attrs, uint32_t{GW_SPAN_ITALIC});
  EXPECT_EQ(eventOf({{"type", "formattedText"}, {"text", "no spans"}}).text, "no spans");
}

TEST(LinkOutput, SpansThatAreNoneAreRefused) {
  const auto with = [](const Json& spans) {
    return Json{{"type", "formattedText"}, {"text", "grün"}, {"spans", spans}};
  };
  for (const Json& spans :
       {Json("x"), Json{1}, Json{{{"start", 0}}}, Json{{{"start", 0}, {"len", 0}}}, Json{{{"start", 0}, {"len", 6}}},
        Json{{{"start", 0}, {"len", 3}}}, Json{{{"start", 3}, {"len", 1}}}, Json{{{"start", -1}, {"len", 1}}},
        Json{{{"start", 1}, {"len", 1}}, {{"start", 0}, {"len", 1}}}, Json{{{"start", 0}, {"len", 1}, {"fg", 256}}},
        Json{{{"start", 0}, {"len", 1}, {"fg", "#12345g"}}},
        Json{{{"start", 9007199254740992}, {"len", 9007199254740992}}}})
    EXPECT_NE(refusalOf(with(spans)), "") << spans;
  EXPECT_NE(refusalOf({{"type", "formattedText"}, {"text", "a\x01"}, {"spans", Json::array()}}), "");
}

TEST(LinkOutput, ARoomIsTextForTerminalsAndAllOfItsDataForOthers) {
  const plugin::Event event = eventOf({{"type", "roomDescription"},
                                       {"name", "Hall"},
                                       {"description", "Cold."},
                                       {"exits", {"north", {{"name", "south"}, {"locked", true}}}},
                                       {"items", Json::array()}});
  EXPECT_EQ(event.text, "Hall\nCold.\nExits: north, south");
  ASSERT_EQ(event.spans.size(), 1u);
  EXPECT_EQ(event.spans[0].len, 4u);
  const Json members = Json::parse("{" + event.dataJson + "}");
  EXPECT_EQ(members.at("outputType"), "roomDescription");
  EXPECT_EQ(members.at("data").at("exits").at(1).at("locked"), true);
  EXPECT_FALSE(members.at("data").contains("type"));
  EXPECT_EQ(eventOf({{"type", "roomDescription"}, {"name", "Void"}}).text, "Void\nExits: none");
}

TEST(LinkOutput, CombatIsASentence) {
  EXPECT_EQ(eventOf({{"type", "combat"}, {"attacker", "Anna"}, {"action", "misses"}, {"defender", "the rat"}}).text,
            "Anna misses the rat.");
  EXPECT_EQ(eventOf({{"type", "combat"},
                     {"attacker", "Anna"},
                     {"action", "hits"},
                     {"defender", "the rat"},
                     {"damage", 7},
                     {"critical", true}})
                .text,
            "Anna hits the rat for 7 damage (critical!)");
  EXPECT_NE(refusalOf({{"type", "combat"}, {"attacker", "Anna"}}).find("action"), std::string::npos);
}

TEST(LinkOutput, StructuredIsDataAloneUnlessItHasAText) {
  const plugin::Event data = eventOf({{"type", "structured"}, {"outputType", "map.update"}, {"data", {1, 2}}});
  EXPECT_EQ(data.kind, plugin::EventKind::kData);
  EXPECT_EQ(Json::parse(data.dataJson).at("kind"), "structured");
  const plugin::Event both = eventOf({{"type", "structured"}, {"outputType", "map"}, {"data", 1}, {"text", "A map."}});
  EXPECT_EQ(both.kind, plugin::EventKind::kText);
  EXPECT_EQ(both.text, "A map.");
  EXPECT_NE(refusalOf({{"type", "structured"}, {"outputType", "no name"}, {"data", 1}}), "");
}

TEST(LinkOutput, WhatIsMissingIsNamed) {
  EXPECT_NE(refusalOf({{"type", "text"}}).find("\"text\""), std::string::npos);
  EXPECT_NE(refusalOf({{"type", "poem"}}).find("output.type"), std::string::npos);
  EXPECT_NE(refusalOf("text"), "");
  EXPECT_NE(refusalOf({{"type", "text"}, {"text", std::string(61 * 1024, 'x')}}), "");
}

TEST(LinkOutput, DeliveriesAreThree) {
  plugin::Event event;
  EXPECT_TRUE(setDelivery(event, "").ok());
  EXPECT_EQ(event.delivery, plugin::Delivery::kMust);
  EXPECT_TRUE(setDelivery(event, "drop").ok());
  EXPECT_EQ(event.delivery, plugin::Delivery::kDrop);
  EXPECT_TRUE(setDelivery(event, "latest:hp").ok());
  EXPECT_EQ(event.latestKey, "hp");
  EXPECT_FALSE(setDelivery(event, "latest:").ok());
  EXPECT_FALSE(setDelivery(event, "private").ok());
}

TEST(LinkOutput, TheGatewaysOwnNamesAreReserved) {
  for (const char* name : {"output", "session", "session.replaced", "link.ack", "gap"})
    EXPECT_TRUE(isReservedEvent(name));
  for (const char* name : {"world.weather", "sessions", "entity.changed"}) EXPECT_FALSE(isReservedEvent(name));
}

}  // namespace
}  // namespace gw::link
