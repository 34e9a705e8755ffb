#include "scene.h"

#include <Poco/Data/Statement.h>

#include <algorithm>
#include <gw/backend/database.hpp>

namespace world {
namespace {

using namespace gw::backend;
using namespace Poco::Data::Keywords;

// Poco binds by reference and wants to write: each value is a variable of ours.
void set(Transaction& tx, const char* sql, std::string value, std::string key) {
  database(tx) << sql, Poco::Data::Keywords::use(value), Poco::Data::Keywords::use(key), now;
}

}  // namespace

void Scene::makeTables(Transaction& tx) {
  auto& db = database(tx);
  db << "CREATE TABLE IF NOT EXISTS person(id TEXT PRIMARY KEY, name TEXT NOT NULL, room TEXT NOT NULL, "
        "session TEXT NOT NULL, health INTEGER NOT NULL, fights INTEGER NOT NULL)",
      now;
  db << "CREATE TABLE IF NOT EXISTS item(name TEXT PRIMARY KEY, place TEXT NOT NULL)", now;
  db << "CREATE TABLE IF NOT EXISTS rat(id INTEGER PRIMARY KEY, health INTEGER NOT NULL)", now;
  db << "INSERT OR IGNORE INTO item VALUES('lamp', 'hall'), ('cheese', 'cellar')", now;
  db << "INSERT OR IGNORE INTO rat VALUES(1, 10)", now;
}

Person Scene::arrive(const Session& session) {
  std::string id = session.userId;
  std::string name = session.userName;
  std::string key = session.id;
  database(tx_) << "INSERT INTO person VALUES(?, ?, 'hall', ?, 20, 0) "
                   "ON CONFLICT DO UPDATE SET session = excluded.session, fights = 0",
      use(id), use(name), use(key), now;
  return personOf(session);
}

void Scene::leave(const Session& session) {
  set(tx_, "UPDATE person SET session = ?, fights = 0 WHERE session = ?", "", session.id);
}

std::vector<Person> Scene::people(const std::string& where, const std::string& value) {
  std::vector<std::string> ids;
  std::vector<std::string> names;
  std::vector<std::string> rooms;
  std::vector<std::string> sessions;
  std::vector<Poco::Int64> healths;
  std::string bound = value;
  database(tx_) << "SELECT id, name, room, session, health FROM person WHERE " + where + " ORDER BY name", use(bound),
      into(ids), into(names), into(rooms), into(sessions), into(healths), now;
  std::vector<Person> found;
  for (size_t i = 0; i < ids.size(); ++i) found.push_back({ids[i], names[i], rooms[i], sessions[i], healths[i]});
  return found;
}

Person Scene::personOf(const Session& session) {
  const auto found = people("session = ?", session.id);
  return found.empty() ? Person{} : found.front();
}

std::vector<Person> Scene::playing() { return people("session <> ?", ""); }
std::vector<Person> Scene::playingIn(const std::string& room) { return people("session <> '' AND room = ?", room); }
std::vector<Person> Scene::fighters() { return people("fights AND session <> '' AND room = ?", "cellar"); }

void Scene::setRoom(const Person& person, const std::string& room) {
  set(tx_, "UPDATE person SET room = ?, fights = 0 WHERE id = ?", room, person.id);
}

void Scene::setHealth(const Person& person, int64_t health) {
  set(tx_, "UPDATE person SET health = CAST(? AS INTEGER) WHERE id = ?", std::to_string(health), person.id);
}

void Scene::setFights(const Person& person, bool fights) {
  set(tx_, "UPDATE person SET fights = CAST(? AS INTEGER) WHERE id = ?", fights ? "1" : "0", person.id);
}

std::vector<std::string> Scene::itemsAt(const std::string& place) {
  std::vector<std::string> names;
  std::string bound = place;
  database(tx_) << "SELECT name FROM item WHERE place = ? ORDER BY name", use(bound), into(names), now;
  return names;
}

bool Scene::move(const std::string& item, const std::string& from, const std::string& to) {
  std::string name = item;
  std::string target = to;
  const auto here = itemsAt(from);
  if (std::find(here.begin(), here.end(), item) == here.end()) return false;
  database(tx_) << "UPDATE item SET place = ? WHERE name = ?", use(target), use(name), now;
  return true;
}

int64_t Scene::ratHealth() {
  Poco::Int64 health = 0;
  database(tx_) << "SELECT health FROM rat", into(health), now;
  return health;
}

void Scene::setRatHealth(int64_t health) {
  Poco::Int64 bound = health;
  database(tx_) << "UPDATE rat SET health = ?", use(bound), now;
}

}  // namespace world
