#include <gtest/gtest.h>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using testing::LobbyHouse;

class Characters : public LobbyHouse {
 protected:
  Characters() {
    anna = (*registerUser("Anna"))->userId;
    bert = (*registerUser("Bert"))->userId;
  }
  Answer<session::Character> select(const std::string& userId, const std::string& idOrName) {
    Answer<session::Character> answer;
    accounts.selectCharacter(userId, idOrName, answer.reply());
    settle();
    return answer;
  }
  std::string anna;
  std::string bert;
};

TEST_F(Characters, AreUniqueByHowTheyLook) {
  ASSERT_TRUE(create(anna, "Marnie")->ok());
  for (const char* same : {"Marnie", "marnie", "MARNIE", "Mamie", "Ｍａｒｎｉｅ"}) {
    const auto answer = create(bert, same);
    ASSERT_FALSE(answer->ok()) << same;
    EXPECT_EQ(answer->error().code, ErrorCode::kConflict) << same;
    EXPECT_EQ(answer->error().detail, "nameTaken") << same;
  }
}

TEST_F(Characters, HaveNamesByTheRules) {
  EXPECT_EQ(create(anna, "x1")->error().detail, "invalidData");
  EXPECT_EQ(create(anna, "Admin")->error().detail, "nameTaken");
  EXPECT_EQ(create(anna, "Guest")->error().detail, "nameTaken");
  EXPECT_EQ((*create(anna, "анна"))->name, "Анна");
}

TEST_F(Characters, AreLimitedPerUser) {
  for (const char* name : {"Aa", "Bb", "Cc", "Dd", "Ee", "Ff", "Gg", "Hh"})
    ASSERT_TRUE(create(anna, name)->ok()) << name;
  const auto ninth = create(anna, "Jj");
  ASSERT_FALSE(ninth->ok());
  EXPECT_EQ(ninth->error().message, "You have 8 characters already.");
  EXPECT_TRUE(create(bert, "Jj")->ok());
}

TEST_F(Characters, KeepTheWholeRequestWithinReason) {
  ASSERT_TRUE(create(anna, "Aria", R"({"race":"elf"})")->ok());
  EXPECT_EQ(workers.store().listCharacters("lobby", anna)->front().json, R"({"race":"elf"})");
  EXPECT_EQ(create(anna, "Bria", std::string(5000, ' '))->error().code, ErrorCode::kTooLarge);
}

TEST_F(Characters, AreSelectedByIdOrNameByTheirUserOnly) {
  const std::string id = (*create(anna, "Aria"))->id;
  EXPECT_EQ((*select(anna, id))->name, "Aria");
  EXPECT_EQ((*select(anna, "ARIA"))->id, id);
  EXPECT_EQ(select(bert, id)->error().detail, "notFound");
  EXPECT_EQ(select(bert, "Aria")->error().code, ErrorCode::kNotFound);
}

TEST_F(Characters, NeedTheStore) {
  workers.isBroken = true;
  EXPECT_EQ(create(anna, "Aria")->error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(select(anna, "Aria")->error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gw::lobby
