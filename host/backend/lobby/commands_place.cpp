// who, rooms, join, leave, look: people and places.
#include "backend/lobby/commands.h"

namespace gw::lobby {
namespace {

constexpr size_t kMaxListed = 100;

}  // namespace

void Commands::who(Player& player, std::string_view) {
  Phrase line;
  const size_t all = world_.size();
  line.add(std::to_string(all) + " online:");
  size_t shown = 0;
  for (const auto& [key, other] : world_.byName()) {
    if (shown++ == kMaxListed) break;
    line.add("\n  ").name(other->name());
    line.add(" in ").add(world_.roomOf(*other).name);
    if (other->isAway) line.add(" (away)");
    if (other == &player) line.add(" (you)");
  }
  if (all > kMaxListed) line.add("\n  and " + std::to_string(all - kMaxListed) + " more");
  world_.tell(player,
              std::move(line).event("who", {}, {}, plugin::Delivery::kMust, "\"online\":" + std::to_string(all)));
}

void Commands::listRooms(Player& player, std::string_view) {
  Phrase line;
  line.add("Rooms:");
  for (const Room& room : world_.rooms()) {
    line.add("\n  ").name(room.name).add(" (" + std::to_string(room.members.size()) + ")");
    if (&room == &world_.roomOf(player)) line.add(" you are here");
  }
  world_.tell(player, std::move(line).event("rooms", {}, {}));
}

bool Commands::namesRoom(std::string_view args) const {
  for (const Room& room : world_.rooms()) {
    if (equalsIgnoringCase(room.name, args)) return true;
  }
  return args.empty();
}

void Commands::join(Player& player, std::string_view args) {
  if (args.empty()) return complain(player, "Join which room? Type rooms for the list.");
  const std::vector<Room>& rooms = world_.rooms();
  for (size_t i = 0; i < rooms.size(); ++i) {
    if (!equalsIgnoringCase(rooms[i].name, args)) continue;
    if (i == player.room) return note(player, "You are in " + rooms[i].name + " already.");
    return world_.move(player, i);
  }
  complain(player, "There is no room " + quotable(args) + ". Type rooms for the list.");
}

void Commands::leave(Player& player, std::string_view args) {
  if (!args.empty() && !equalsIgnoringCase(world_.roomOf(player).name, args)) {
    return complain(player, "You are not in " + quotable(args) + ".");
  }
  if (player.room == 0) return note(player, "This is where everyone begins. Type quit to end your visit.");
  world_.move(player, 0);
}

void Commands::look(Player& player, std::string_view) { world_.look(player); }

}  // namespace gw::lobby
