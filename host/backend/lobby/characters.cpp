// The characters of a user; a guest is one.
#include <utility>

#include "backend/lobby/accounts.h"
#include "backend/lobby/accounts_records.h"
#include "base/crypto.h"

namespace gw::lobby {

using session::Character;
using session::NewCharacter;
using session::Reply;
using Records = std::vector<store::CharacterRecord>;

namespace {

constexpr size_t kMaxJsonBytes = 4096;

Character guestCharacter(const std::string& userId) { return Character{userId, std::string(guestNameOf(userId)), {}}; }

}  // namespace

Character characterOf(const store::CharacterRecord& record) { return Character{record.id, record.name, {}}; }

void Accounts::listCharacters(const std::string& userId, Reply<std::vector<Character>> reply) {
  if (isGuestId(userId)) return reply(std::vector<Character>{guestCharacter(userId)});
  store_.ask<Records>(
      userId,
      [backend = options_.backendName, userId](store::SessionStore& store) {
        return store.listCharacters(backend, userId);
      },
      [reply = std::move(reply)](Result<Records> records) mutable {
        if (!records) return reply(storeTrouble(records.error()));
        std::vector<Character> characters;
        characters.reserve(records->size());
        for (const store::CharacterRecord& record : *records) characters.push_back(characterOf(record));
        reply(std::move(characters));
      });
}

void Accounts::createCharacter(const std::string& userId, NewCharacter wanted, Reply<Character> reply) {
  if (isGuestId(userId)) {
    return reply(
        fail(ErrorCode::kForbidden, "Guests have one character only. Register to make your own.", "permissionDenied"));
  }
  Result<CharacterName> name = checkCharacterName(wanted.name);
  if (!name) return reply(name.error());
  if (reserved_.contains(name->shown)) return reply(nameTaken("name"));
  if (wanted.json.size() > kMaxJsonBytes) {
    return reply(fail(ErrorCode::kTooLarge, "A character's description has at most 4096 bytes.", "invalidData"));
  }
  store::CharacterRecord record{
      randomToken(22),        options_.backendName, userId,
      std::move(name->shown), std::move(name->key), wanted.json.empty() ? "{}" : std::move(wanted.json),
      clock_.wallUs()};
  store_.tell(
      userId,
      [record, most = options_.charactersPerUser](store::SessionStore& store) -> Result<void> {
        const Result<Records> mine = store.listCharacters(record.backend, record.userId);
        if (!mine) return mine.error();
        if (mine->size() >= most) {
          // kInvalid: rolled back alone; other kinds would look like trouble of the whole store.
          return fail(ErrorCode::kInvalid, "You have " + std::to_string(most) + " characters already.",
                      "permissionDenied");
        }
        return store.addCharacter(record);
      },
      [record, reply = std::move(reply)](const Result<void>& added) mutable {
        if (added) return reply(characterOf(record));
        if (added.error().code == ErrorCode::kConflict) return reply(nameTaken("name"));
        if (added.error().code == ErrorCode::kInvalid) return reply(added.error());
        reply(storeTrouble(added.error()));
      });
}

void Accounts::selectCharacter(const std::string& userId, std::string idOrName, Reply<Character> reply) {
  listCharacters(
      userId, [idOrName = std::move(idOrName), reply = std::move(reply)](Result<std::vector<Character>> mine) mutable {
        if (!mine) return reply(mine.error());
        const std::string folded = foldName(idOrName);
        for (Character& character : *mine) {
          if (character.id == idOrName || foldName(character.name) == folded) return reply(std::move(character));
        }
        reply(fail(ErrorCode::kNotFound, "You have no character of that name.", "notFound"));
      });
}

}  // namespace gw::lobby
