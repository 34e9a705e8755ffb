#include "two_rooms.h"

#include <chrono>
#include <sstream>

#include "scene.h"

namespace world {
namespace {

using namespace gw::backend;

constexpr std::chrono::milliseconds kRound{2000};
constexpr int64_t kRatHealth = 10;
constexpr int64_t kHealth = 20;

struct Room {
  const char* id;
  const char* name;
  const char* description;
  const char* exit;
  const char* leadsTo;
};
constexpr Room kRooms[] = {
    {"hall", "The Hall", "A bare hall. It smells of soup. A stair leads down.", "down", "cellar"},
    {"cellar", "The Cellar", "Dark and damp. Something rustles. A stair leads up.", "up", "hall"},
};

const Room& roomOf(const std::string& id) { return id == kRooms[1].id ? kRooms[1] : kRooms[0]; }

std::string listed(const std::vector<std::string>& names, const std::string& none) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? none : text;
}

std::string jsonList(const std::vector<std::string>& names) {
  std::string json = "{\"items\":[";
  for (size_t i = 0; i < names.size(); ++i) json += (i > 0 ? ",\"" : "\"") + names[i] + "\"";
  return json + "]}";
}

void look(Scene& scene, const Person& me) {
  const Room& room = roomOf(me.room);
  RoomDescription seen{room.name, room.description, {room.exit}, {}, scene.itemsAt(me.room)};
  for (const auto& other : scene.playingIn(me.room)) {
    if (other.id != me.id) seen.entities.push_back(other.name);
  }
  if (me.room == "cellar" && scene.ratHealth() > 0) seen.entities.emplace_back("a rat");
  scene.tx().output(me.session, Output::room(seen));
}

void tellOthers(Scene& scene, const Person& me, const std::string& text) {
  scene.tx().roomOutput(me.room, Output::text(text), {me.session});
}

void tellHealth(Scene& scene, const Person& me, int64_t health) {
  scene.tx().entityChanged(me.session, "stats", "{\"health\":" + std::to_string(health) + "}");
}

void go(Scene& scene, Person me, const std::string& room) {
  tellOthers(scene, me, me.name + " leaves.");
  scene.tx().leave(me.session, me.room);
  scene.setRoom(me, room);
  me.room = room;
  scene.tx().join(me.session, room);
  tellOthers(scene, me, me.name + " comes in.");
  look(scene, me);
}

void take(Scene& scene, const Person& me, const std::string& item, const std::string& from, const std::string& to,
          const std::string& verb) {
  if (!scene.move(item, from, to)) return scene.tx().text(me.session, "There is no " + item + ".");
  scene.tx().text(me.session, "You " + verb + " the " + item + ".");
  scene.tx().entityChanged(me.session, "inventory", jsonList(scene.itemsAt(me.id)));
  tellOthers(scene, me, me.name + " " + verb + "s the " + item + ".");
}

void attack(Scene& scene, const Person& me) {
  if (me.room != "cellar" || scene.ratHealth() <= 0) return scene.tx().text(me.session, "There is nothing to fight.");
  scene.setFights(me, true);
  scene.tx().text(me.session, "You go for the rat.");
}

void ratDies(Scene& scene, const Person& killer) {
  scene.setRatHealth(0);
  for (const auto& fighter : scene.fighters()) scene.setFights(fighter, false);
  scene.tx().roomOutput("cellar", Output::system(killer.name + " has killed the rat. Another will come."));
}

void ratBites(Scene& scene, const Person& me) {
  scene.tx().roomOutput("cellar", Output::combat({"the rat", me.name, "bites", 2, false}));
  const int64_t health = me.health - 2;
  scene.setHealth(me, health > 0 ? health : kHealth);
  tellHealth(scene, me, health > 0 ? health : kHealth);
  if (health > 0) return;
  scene.tx().output(me.session, Output::system("You faint, and wake up in the hall.", "warning"));
  go(scene, me, "hall");
}

void round(Scene& scene) {
  const auto fighters = scene.fighters();
  if (fighters.empty()) {
    if (scene.ratHealth() <= 0) scene.setRatHealth(kRatHealth);
    return;
  }
  int64_t health = scene.ratHealth();
  for (const auto& fighter : fighters) {
    scene.tx().roomOutput("cellar", Output::combat({fighter.name, "the rat", "hits", 3, false}));
    health -= 3;
    if (health <= 0) return ratDies(scene, fighter);
  }
  scene.setRatHealth(health);
  ratBites(scene, fighters.front());
}

}  // namespace

void TwoRooms::attach(Link& link) {
  accounts_.attach(link);
  link.every(kRound, [](Transaction& tx) {
    Scene scene(tx);
    round(scene);
  });
}

void TwoRooms::onStart(Transaction& tx) {
  accounts_.makeTables(tx);
  Scene::makeTables(tx);
}

void TwoRooms::authenticate(Transaction& tx, const Credentials& given, const Answer<User>& answer) {
  accounts_.authenticate(tx, given, answer);
}

void TwoRooms::registerUser(Transaction& tx, const Credentials& given, const Answer<User>& answer) {
  accounts_.add(tx, given, answer);
}

void TwoRooms::onEntered(Transaction& tx, const Session& session) {
  Scene scene(tx);
  const Person me = scene.arrive(session);
  tx.join(session.id, me.room);
  tellOthers(scene, me, me.name + " comes in.");
  look(scene, me);
}

void TwoRooms::onReconnected(Transaction& tx, const Session& session, Cause cause) {
  Scene scene(tx);
  if (cause == Cause::kPlayer) look(scene, scene.personOf(session));
}

void TwoRooms::onClosed(Transaction& tx, const Session& session, std::string_view) {
  Scene scene(tx);
  const Person me = scene.personOf(session);
  if (!me.id.empty()) tellOthers(scene, me, me.name + " is gone.");
  scene.leave(session);
}

void TwoRooms::onCommand(Transaction& tx, const Session& session, std::string_view text) {
  Scene scene(tx);
  const Person me = scene.personOf(session);
  std::istringstream line{std::string(text)};
  std::string word;
  std::string rest;
  line >> word >> std::ws;
  std::getline(line, rest);
  if (word == "look" || word == "l") {
    look(scene, me);
  } else if (word == "say") {
    tx.text(me.session, "You say: " + rest);
    tellOthers(scene, me, me.name + " says: " + rest);
  } else if (word == "who") {
    std::vector<std::string> names;
    for (const auto& person : scene.playing()) names.push_back(person.name);
    tx.text(me.session, "Here: " + listed(names, "nobody"));
  } else if (word == "take") {
    take(scene, me, rest, me.room, me.id, "take");
  } else if (word == "drop") {
    take(scene, me, rest, me.id, me.room, "drop");
  } else if (word == "inventory" || word == "i") {
    tx.text(me.session, "You have: " + listed(scene.itemsAt(me.id), "nothing"));
  } else if (word == "attack" || word == "kill") {
    attack(scene, me);
  } else if (word == roomOf(me.room).exit) {
    go(scene, me, roomOf(me.room).leadsTo);
  } else if (word == "quit") {
    tx.disconnect(me.session, {}, "Goodbye.");
  } else {
    tx.text(me.session, "look, up, down, say, who, take, drop, inventory, attack, quit");
  }
}

}  // namespace world
