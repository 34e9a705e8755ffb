#include "backend/lobby/names.h"

#include <gtest/gtest.h>

namespace gw::lobby {
namespace {

std::string keyOf(const std::string& name) {
  const auto checked = checkCharacterName(name);
  EXPECT_TRUE(checked.ok()) << name << ": " << (checked.ok() ? "" : checked.error().message);
  return checked.ok() ? checked->key : name;
}

TEST(UserName, IsThreeToTwentyWordCharacters) {
  for (const char* good : {"abc", "Anna", "a_b-c", "007", "12345678901234567890"})
    EXPECT_TRUE(checkUserName(good).ok()) << good;
  for (const char* bad :
       {"", "ab", "123456789012345678901", "an na", "Änna", "anna\n", "a.b.c", "-abc", "_abc", "ann\xff"}) {
    const auto checked = checkUserName(bad);
    ASSERT_FALSE(checked.ok()) << bad;
    EXPECT_EQ(checked.error().detail, "invalidData");
  }
  EXPECT_EQ(userKey("AnNa-9"), "anna-9");
}

TEST(CharacterName, IsTwoToTwentyLettersOfOneScript) {
  for (const char* good : {"Anna", "Bo", "Zoë", "Ærøskøbing", "Анна", "Σωκράτης", "李明", "さくら", "サクラ", "김철수",
                           "שרה", "محمد", "आरती", "桜子さん", "McDonald", "Ian", "Lan"}) {
    const auto checked = checkCharacterName(good);
    EXPECT_TRUE(checked.ok()) << good << ": " << (checked.ok() ? "" : checked.error().message);
  }
  for (const char* bad : {"", "A", "Annaannaannaannaannaa", "Anna1", "An na", "O'Neil", "Anna!",
                          "Аnna" /* Cyrillic A */, "Annа" /* Cyrillic a */, "Αnna" /* Greek */, "李Anna", "An\u200Bna",
                          "An\nna", "👋👋", "\xff\xfe\xfd", "\u0301\u0301", "a\u0301\u0302\u0303\u0304\u0305\u0306"}) {
    const auto checked = checkCharacterName(bad);
    ASSERT_FALSE(checked.ok()) << bad;
    EXPECT_EQ(checked.error().detail, "invalidData");
  }
  EXPECT_FALSE(checkCharacterName(std::string(100'000, 'a')).ok());
}

TEST(CharacterName, IsShownComposedWithACapitalFirst) {
  EXPECT_EQ(checkCharacterName("anna")->shown, "Anna");
  EXPECT_EQ(checkCharacterName("zoe\u0308")->shown, "Zoë");
  EXPECT_EQ(checkCharacterName("Ａｎｎａ")->shown, "Anna");
  EXPECT_EQ(checkCharacterName("анна")->shown, "Анна");
}

TEST(CharacterName, HasOneKeyForAllThatFoldOrLookAlike) {
  EXPECT_EQ(keyOf("Anna"), keyOf("aNNA"));
  EXPECT_EQ(keyOf("Anna"), keyOf("Ａｎｎａ"));
  EXPECT_EQ(keyOf("Zoë"), keyOf("zoe\u0308"));
  EXPECT_EQ(keyOf("Straße"), keyOf("STRASSE"));
  EXPECT_EQ(keyOf("Marnie"), keyOf("Mamie")) << "rn reads as m";
  EXPECT_EQ(keyOf("Соре"), keyOf("Cope")) << "all Cyrillic, reads as Latin";
  EXPECT_NE(keyOf("Anna"), keyOf("Hanna"));
  EXPECT_NE(keyOf("Ian"), keyOf("Lan"));
}

TEST(CharacterName, LowersCapitalsThatPoseAsOtherLetters) {
  EXPECT_EQ(checkCharacterName("AnnaI")->shown, "Annai") << "AnnaI reads as Annal";
  EXPECT_EQ(checkCharacterName("annal")->shown, "Annal");
  EXPECT_EQ(checkCharacterName("MARNIE")->shown, "Marnie");
  EXPECT_EQ(checkCharacterName("ANNA")->shown, "ANNA") << "nothing to mistake";
  EXPECT_EQ(checkCharacterName("McDonald")->shown, "McDonald");
}

TEST(FoldName, FindsPeopleInAnySpelling) {
  EXPECT_EQ(foldName("Anna"), "anna");
  EXPECT_EQ(foldName("ZOË"), foldName("zoe\u0308"));
  EXPECT_EQ(foldName("АННА"), foldName("анна"));
}

TEST(ReservedNames, CoverLookalikesAndGuests) {
  const ReservedNames reserved({"Merlin"});
  for (const char* name : {"admin", "ADMIN", "a-d_min", "Adm1n", "adrnin", "root", "r00t", "System", "Guest",
                           "guest-7k3f", "GUEST_1", "merlin", "MerIin", "mer1in", "Gatehouse"}) {
    EXPECT_TRUE(reserved.contains(name)) << name;
  }
  for (const char* name : {"Anna", "adminton", "Rooty", "Merlina", "gus"})
    EXPECT_FALSE(reserved.contains(name)) << name;
}

}  // namespace
}  // namespace gw::lobby
