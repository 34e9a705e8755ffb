// The contract for users, characters, rooms, bans, admin tokens and settings.

#include <gmock/gmock.h>

#include "contract/session_store_contract.h"

namespace gw::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_P(SessionStoreContract, AUserIsFoundByKeyAndById) {
  UserRecord u{"u1", "Zoë", "zoe", "$argon2id$v=19$abc", kNow, kNow + 1, true, R"({"plain":true})"};
  ASSERT_TRUE(store_->addUser(u).ok());
  for (const auto& found : {store_->findUser("zoe"), store_->findUserById("u1")}) {
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->id, "u1");
    EXPECT_EQ((*found)->name, "Zoë");
    EXPECT_EQ((*found)->key, "zoe");
    EXPECT_EQ((*found)->passwordHash, u.passwordHash);
    EXPECT_EQ((*found)->createdAt, kNow);
    EXPECT_EQ((*found)->lastLoginAt, kNow + 1);
    EXPECT_TRUE((*found)->locked);
    EXPECT_EQ((*found)->settings, u.settings);
  }
  EXPECT_FALSE(store_->findUser("ZOE")->has_value());  // keys are folded by the caller
  EXPECT_FALSE(store_->findUser("' OR 1=1 --")->has_value());
}

TEST_P(SessionStoreContract, AUsersKeyIsUnique) {
  ASSERT_TRUE(store_->addUser(userOf("u1", "a")).ok());
  const auto again = store_->addUser(userOf("u2", "a"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().detail, "nameTaken");
  EXPECT_EQ((*store_->findUser("a"))->id, "u1");
}

TEST_P(SessionStoreContract, UpdatingAUserKeepsKeysUniqueAndKnowsWhoIsMissing) {
  ASSERT_TRUE(store_->addUser(userOf("u1", "a")).ok());
  ASSERT_TRUE(store_->addUser(userOf("u2", "b")).ok());
  UserRecord changed = userOf("u1", "c");
  changed.settings = R"({"ignore":["b"]})";
  changed.locked = true;
  ASSERT_TRUE(store_->updateUser(changed).ok());
  EXPECT_FALSE(store_->findUser("a")->has_value());
  EXPECT_EQ((*store_->findUser("c"))->settings, changed.settings);
  EXPECT_TRUE((*store_->findUser("c"))->locked);
  EXPECT_EQ(store_->updateUser(userOf("u1", "b")).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store_->updateUser(userOf("u9", "z")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->updateUser(userOf("u1", std::string("\xff"))).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(store_->findUser("c")->has_value());
}

TEST_P(SessionStoreContract, UsersAreListedByKey) {
  for (const char* key : {"c", "a", "b"}) ASSERT_TRUE(store_->addUser(userOf(std::string("id-") + key, key)).ok());
  const auto listed = store_->listUsers(2);
  ASSERT_THAT(*listed, SizeIs(2));
  EXPECT_EQ((*listed)[0].key, "a");
  EXPECT_EQ((*listed)[1].key, "b");
}

TEST_P(SessionStoreContract, RemembersGoodLoginsByPrefix) {
  ASSERT_TRUE(store_->noteLogin("u", "10.0.0.0/24", kNow).ok());
  EXPECT_TRUE(*store_->hasRecentLogin("u", "10.0.0.0/24", kNow));
  EXPECT_FALSE(*store_->hasRecentLogin("u", "10.0.0.0/24", kNow + 1));
  EXPECT_FALSE(*store_->hasRecentLogin("u", "10.0.1.0/24", kNow));
  EXPECT_FALSE(*store_->hasRecentLogin("v", "10.0.0.0/24", kNow));
  ASSERT_TRUE(store_->noteLogin("u", "10.0.0.0/24", kNow + 5).ok());
  EXPECT_TRUE(*store_->hasRecentLogin("u", "10.0.0.0/24", kNow + 5));
}

TEST_P(SessionStoreContract, KeepsTheLast32LoginPrefixesOfAUser) {
  ASSERT_TRUE(store_->noteLogin("other", "p", kNow).ok());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(store_->noteLogin("u", "p" + std::to_string(i), kNow + i).ok());
  EXPECT_FALSE(*store_->hasRecentLogin("u", "p7", 0));
  EXPECT_TRUE(*store_->hasRecentLogin("u", "p8", 0));
  EXPECT_TRUE(*store_->hasRecentLogin("u", "p39", 0));
  EXPECT_TRUE(*store_->hasRecentLogin("other", "p", 0));
}

TEST_P(SessionStoreContract, CleanupForgetsLoginsAfterThirtyDays) {
  constexpr int64_t kDay = int64_t{24} * 3600 * kSecond;
  ASSERT_TRUE(store_->noteLogin("u", "old", kNow - 30 * kDay).ok());
  ASSERT_TRUE(store_->noteLogin("u", "new", kNow - 29 * kDay).ok());
  ASSERT_TRUE(store_->deleteExpired(kNow).ok());
  EXPECT_FALSE(*store_->hasRecentLogin("u", "old", 0));
  EXPECT_TRUE(*store_->hasRecentLogin("u", "new", 0));
}

CharacterRecord characterOf(const std::string& id, const std::string& key, const std::string& backend = "lobby") {
  return {id, backend, "u1", key + "-Name", key, R"({"race":"elf"})", kNow};
}

TEST_P(SessionStoreContract, ACharactersKeyIsUniquePerBackend) {
  ASSERT_TRUE(store_->addCharacter(characterOf("c1", "zoe")).ok());
  const auto again = store_->addCharacter(characterOf("c2", "zoe"));
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().detail, "nameTaken");
  EXPECT_TRUE(store_->addCharacter(characterOf("c3", "zoe", "mud")).ok());
  const auto found = store_->findCharacter("lobby", "zoe");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->id, "c1");
  EXPECT_EQ((*found)->name, "zoe-Name");
  EXPECT_EQ((*found)->json, R"({"race":"elf"})");
  EXPECT_EQ((*found)->userId, "u1");
  EXPECT_EQ((*store_->findCharacter("mud", "zoe"))->id, "c3");
  EXPECT_FALSE(store_->findCharacter("lobby", "bob")->has_value());
}

TEST_P(SessionStoreContract, CharactersAreListedByAge) {
  CharacterRecord young = characterOf("a", "young");
  young.createdAt = kNow + 1;
  ASSERT_TRUE(store_->addCharacter(young).ok());
  ASSERT_TRUE(store_->addCharacter(characterOf("b", "old")).ok());
  CharacterRecord foreign = characterOf("c", "foreign");
  foreign.userId = "u2";
  ASSERT_TRUE(store_->addCharacter(foreign).ok());
  const auto mine = store_->listCharacters("lobby", "u1");
  ASSERT_THAT(*mine, SizeIs(2));
  EXPECT_EQ((*mine)[0].key, "old");
  EXPECT_EQ((*mine)[1].key, "young");
  EXPECT_THAT(*store_->listCharacters("mud", "u1"), IsEmpty());
}

TEST_P(SessionStoreContract, RoomsAreReplacedByName) {
  ASSERT_TRUE(store_->putRoom({"tavern", "{}"}).ok());
  ASSERT_TRUE(store_->putRoom({"lobby", "{}"}).ok());
  ASSERT_TRUE(store_->putRoom({"tavern", R"({"topic":"ale"})"}).ok());
  const auto rooms = store_->listRooms();
  ASSERT_THAT(*rooms, SizeIs(2));
  EXPECT_EQ((*rooms)[0].name, "lobby");
  EXPECT_EQ((*rooms)[1].json, R"({"topic":"ale"})");
  EXPECT_THAT(*store_->listRooms(), SizeIs(2));  // asked twice: a kept statement answers twice
}

TEST_P(SessionStoreContract, BansEndWhenTheyExpire) {
  ASSERT_TRUE(store_->addBan({"b1", "address", "10.0.0.0/8", "spam", kNow, 0}).ok());
  ASSERT_TRUE(store_->addBan({"b2", "user", "u1", "rude", kNow + 1, kNow + 10}).ok());
  const auto bans = store_->listBans(kNow);
  ASSERT_THAT(*bans, SizeIs(2));
  EXPECT_EQ((*bans)[0].value, "10.0.0.0/8");
  EXPECT_EQ((*bans)[0].reason, "spam");
  EXPECT_EQ((*bans)[1].kind, "user");
  EXPECT_EQ((*bans)[1].expiresAt, kNow + 10);
  ASSERT_THAT(*store_->listBans(kNow + 10), SizeIs(1));
  EXPECT_TRUE(*store_->deleteBan("b1"));
  EXPECT_FALSE(*store_->deleteBan("b1"));
  EXPECT_THAT(*store_->listBans(kNow + 10), IsEmpty());
  EXPECT_FALSE(store_->addBan({"b3", "planet", "x", "", kNow, 0}).ok());
}

TEST_P(SessionStoreContract, AdminTokensAreListedUpdatedAndRevoked) {
  ApiTokenRecord t{"t1", "hash-1", "laptop", "admin", kNow, 0};
  ASSERT_TRUE(store_->addApiToken(t).ok());
  t.lastUsedAt = kNow + 7;
  ASSERT_TRUE(store_->addApiToken(t).ok());
  EXPECT_EQ(store_->addApiToken({"t2", "hash-1", "copy", "view", kNow, 0}).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(store_->addApiToken({"t2", "hash-2", "pager", "view", kNow + 1, 0}).ok());
  const auto tokens = store_->listApiTokens();
  ASSERT_THAT(*tokens, SizeIs(2));
  EXPECT_EQ((*tokens)[0].id, "t1");
  EXPECT_EQ((*tokens)[0].hash, "hash-1");
  EXPECT_EQ((*tokens)[0].role, "admin");
  EXPECT_EQ((*tokens)[0].lastUsedAt, kNow + 7);
  EXPECT_EQ((*tokens)[1].name, "pager");
  EXPECT_TRUE(*store_->deleteApiToken("t1"));
  EXPECT_FALSE(*store_->deleteApiToken("t1"));
  EXPECT_THAT(*store_->listApiTokens(), SizeIs(1));
}

TEST_P(SessionStoreContract, SettingsAreReplacedByKey) {
  EXPECT_FALSE(store_->getSetting("gatewayId")->has_value());
  ASSERT_TRUE(store_->putSetting("gatewayId", "one").ok());
  ASSERT_TRUE(store_->putSetting("gatewayId", "two").ok());
  EXPECT_EQ(*open()->getSetting("gatewayId"), "two");
  EXPECT_EQ(store_->putSetting("gatewayId", std::string("a\0b", 3)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(*store_->getSetting("gatewayId"), "two");
}

}  // namespace
}  // namespace gw::store
