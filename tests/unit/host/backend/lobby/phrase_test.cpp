#include "backend/lobby/phrase.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gw::lobby {
namespace {

TEST(Phrase, MarksNamesAndTintsByBytes) {
  Phrase phrase;
  phrase.add("é ").name("Zoë").add(" ").tint("!", kYellow).name("");
  const plugin::Event event = std::move(phrase).event("say", "Zoë", "lobby");
  EXPECT_EQ(event.text, "é Zoë !");
  ASSERT_EQ(event.spans.size(), 2u);
  EXPECT_EQ(event.spans[0], (plugin::Span{3, 4, 0, 0, GW_SPAN_BOLD, {}}));
  EXPECT_EQ(event.spans[1], (plugin::Span{8, 1, GW_COLOR_PALETTE(3), 0, 0, {}}));
  EXPECT_EQ(event.name, "output");
  EXPECT_EQ(event.delivery, plugin::Delivery::kMust);
}

TEST(Phrase, CarriesItsMembersAsJson) {
  const plugin::Event event = Phrase().event("tell", "A\"n\\na\n", "r", plugin::Delivery::kDrop, "\"to\":\"Bob\"");
  const auto json = nlohmann::json::parse("{" + event.dataJson + "}");
  EXPECT_EQ(json["verb"], "tell");
  EXPECT_EQ(json["from"], "A\"n\\na\n");
  EXPECT_EQ(json["room"], "r");
  EXPECT_EQ(json["to"], "Bob");
  EXPECT_EQ(event.delivery, plugin::Delivery::kDrop);
  EXPECT_EQ(Phrase().event("note", "", "").dataJson, "\"verb\":\"note\"");
}

}  // namespace
}  // namespace gw::lobby
