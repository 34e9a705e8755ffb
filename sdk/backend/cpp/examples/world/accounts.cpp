#include "accounts.h"

#include <Poco/Data/Statement.h>
#include <sodium.h>

#include <algorithm>
#include <gw/backend/database.hpp>
#include <stdexcept>

namespace world {
namespace {

using namespace gw::backend;
using namespace Poco::Data::Keywords;

constexpr size_t kMaxPassword = 256;
constexpr size_t kMaxName = 20;
// OWASP's least for Argon2id: two passes over 19 MiB.
constexpr unsigned long long kPasses = 2;
constexpr size_t kMemory = size_t{19} << 20U;

std::string lower(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

bool isName(const std::string& name) {
  const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return name.size() >= 2 && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), isLetter);
}

std::string hashOf(const std::string& password) {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(hash, password.data(), password.size(), kPasses, kMemory) != 0) throw std::bad_alloc();
  return hash;
}

bool isRight(const std::string& hash, const std::string& password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

User userOf(const std::string& name) { return {"u-" + lower(name), name, false}; }

}  // namespace

void Accounts::makeTables(Transaction& tx) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  database(tx) << "CREATE TABLE IF NOT EXISTS account(id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL)",
      now;
}

void Accounts::authenticate(Transaction& tx, const Credentials& given, const Answer<User>& answer) {
  if (given.password.size() > kMaxPassword) return answer.refuse(Refusal::wrongPassword());
  std::string id = userOf(given.username).id;
  std::string name;
  std::string hash;
  database(tx) << "SELECT name, hash FROM account WHERE id = ?", use(id), into(name), into(hash), now;
  link_->background([answer, name, hash, password = given.password] {
    // Somebody who is not known costs as much time: the answer must not tell who is.
    static const std::string kNobody = hashOf("nobody");
    const bool isPassword = isRight(hash.empty() ? kNobody : hash, password);
    if (isPassword && !hash.empty()) {
      answer(userOf(name));
    } else {
      answer.refuse(Refusal::wrongPassword());
    }
  });
}

void Accounts::add(Transaction&, const Credentials& given, const Answer<User>& answer) {
  if (!isName(given.username)) return answer.refuse(Refusal::invalid("A name is 2 to 20 letters."));
  if (given.password.empty() || given.password.size() > kMaxPassword)
    return answer.refuse(Refusal::invalid("A password is 1 to 256 bytes."));
  link_->background([link = link_, answer, name = given.username, password = given.password] {
    link->post([answer, user = userOf(name), hash = hashOf(password)](Transaction& tx) {
      std::string id = user.id;
      std::string shown = user.name;
      std::string stored = hash;
      size_t before = 0;
      database(tx) << "SELECT count(*) FROM account WHERE id = ?", use(id), into(before), now;
      if (before > 0) return answer.refuse(Refusal::nameTaken("That name is taken."));
      database(tx) << "INSERT INTO account VALUES(?, ?, ?)", use(id), use(shown), use(stored), now;
      answer(user);
    });
  });
}

}  // namespace world
