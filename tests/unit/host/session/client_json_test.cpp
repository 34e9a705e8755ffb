#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "session/caller.h"
#include "session/client_api.h"

namespace gw::session {
namespace {

TEST(ClientJson, RefusesDeepNestingBeforeParsing) {
  nlohmann::json out;
  std::string reason;
  EXPECT_FALSE(parseClientJson(std::string(100'000, '['), out, reason));
  EXPECT_EQ(reason, "the JSON is nested deeper than 64 levels");
  EXPECT_TRUE(parseClientJson(std::string(64, '[') + std::string(64, ']'), out, reason));
}

TEST(ClientJson, CountsNoBracketsInsideStrings) {
  nlohmann::json out;
  std::string reason;
  EXPECT_TRUE(parseClientJson("{\"text\":\"" + std::string(1000, '[') + "\\\"[\"}", out, reason));
}

TEST(ClientJson, SaysWhenItIsNotJson) {
  nlohmann::json out;
  std::string reason;
  EXPECT_FALSE(parseClientJson("{\"a\":", out, reason));
  EXPECT_EQ(reason, "this is not valid JSON");
}

TEST(ClientJson, ReadsBoundedStringsOnly) {
  const nlohmann::json object{{"a", "text"}, {"n", 1}};
  EXPECT_EQ(stringMember(object, "a"), "text");
  EXPECT_EQ(stringMember(object, "a", 3), "");
  EXPECT_EQ(stringMember(object, "n"), "");
  EXPECT_EQ(stringMember(nlohmann::json::array(), "a"), "");
}

TEST(Frames, CarryTheErrorObject) {
  Error limited = fail(ErrorCode::kRateLimited, "slow \"down\"", "tooFast");
  limited.retryAfterMs = 250;
  const auto frame = nlohmann::json::parse(errorFrame("\"7\"", limited));
  EXPECT_EQ(frame["type"], "res");
  EXPECT_EQ(frame["id"], "7");
  EXPECT_EQ(frame["ok"], false);
  EXPECT_EQ(frame["error"]["code"], "RATE_LIMITED");
  EXPECT_EQ(frame["error"]["message"], "slow \"down\"");
  EXPECT_EQ(frame["error"]["details"]["reason"], "tooFast");
  EXPECT_EQ(frame["error"]["retryAfterMs"], 250);
  EXPECT_EQ(frame["error"]["retryable"], true);
}

TEST(Frames, CarryDetailsThatAreObjects) {
  const auto error = nlohmann::json::parse(errorJson(fail(ErrorCode::kConflict, "ahead", "{\"expected\":5}")));
  EXPECT_EQ(error["details"]["expected"], 5);
}

}  // namespace
}  // namespace gw::session
