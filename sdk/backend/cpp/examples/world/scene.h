#pragma once
// Scene: one transaction seen as the world: who is where, what lies where. Every question is an SQL statement.

#include <cstdint>
#include <gw/backend/transaction.hpp>
#include <string>
#include <vector>

namespace world {

struct Person {
  std::string id;
  std::string name;
  std::string room;
  std::string session;  // empty: not playing
  int64_t health = 0;
};

class Scene {
 public:
  explicit Scene(gw::backend::Transaction& tx) : tx_(tx) {}

  static void makeTables(gw::backend::Transaction& tx);

  /// The person of a session; made on their first visit.
  Person arrive(const gw::backend::Session& session);
  Person personOf(const gw::backend::Session& session);
  void leave(const gw::backend::Session& session);
  std::vector<Person> playing();
  std::vector<Person> playingIn(const std::string& room);
  std::vector<Person> fighters();
  void setRoom(const Person& person, const std::string& room);
  void setHealth(const Person& person, int64_t health);
  void setFights(const Person& person, bool fights);

  /// place: a room, or a person's id.
  std::vector<std::string> itemsAt(const std::string& place);
  /// False: it is not at `from`.
  bool move(const std::string& item, const std::string& from, const std::string& to);

  int64_t ratHealth();
  void setRatHealth(int64_t health);

  gw::backend::Transaction& tx() { return tx_; }

 private:
  std::vector<Person> people(const std::string& where, const std::string& value);
  gw::backend::Transaction& tx_;
};

}  // namespace world
