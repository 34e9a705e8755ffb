#include "backend/lobby/world.h"

#include <algorithm>
#include <utility>

#include "backend/lobby/guest_names.h"
#include "backend/lobby/names.h"

namespace gw::lobby {

using plugin::Delivery;
using session::PlayingSession;

namespace {

constexpr size_t kNamesInLook = 10;
constexpr uint64_t kSummaryNs = 1'000'000'000;
constexpr size_t kMaxEarlyChanges = 64;  // of settings, while the store has not answered

std::string people(uint32_t count) { return count == 1 ? "1 person" : std::to_string(count) + " people"; }

}  // namespace

World::World(const LobbyOptions& options, session::BackendSink& sink, SettingsStore& settings, Timers& timers,
             const Clock& clock)
    : sink_(sink), settings_(settings), timers_(timers), clock_(clock) {
  for (const std::string& name : options.rooms) rooms_.push_back(Room{name, {}, 0, 0, false});
  if (rooms_.empty()) rooms_.push_back(Room{"lobby", {}, 0, 0, false});
}

void World::entered(PlayingSession session) {
  if (Player* known = find(session.session)) {
    // Same visit, other connection. Another character is another visit.
    if (known->character.id == session.character.id) {
      known->isAway = false;
      return;
    }
    left(session.session);
  }
  auto owned = std::make_unique<Player>();
  Player& player = *owned;
  player.session = session.session;
  player.user = std::move(session.user);
  player.character = std::move(session.character);
  player.key = foldName(player.name());
  players_.emplace(player.session, std::move(owned));
  byName_.emplace(player.key, &player);
  meetUser(player);
  const size_t room = session.resumed ? roomBefore(session) : 0;
  sit(player, room);
  if (!session.resumed) {
    Phrase greeting;
    greeting.add("Welcome, ").name(player.name()).add("! Type help for the commands.\n");
    tell(player, describe(player, std::move(greeting), "welcome"));
    announce(player, 0, true);
  }
}

// Guests are many and change nothing as a rule: they have a User only from their first change on.
void World::meetUser(const Player& player) {
  const std::string& userId = player.user.userId;
  const bool isGuest = isGuestId(userId);
  if (isGuest && !player.user.plain) return;
  User& user = users_[userId];
  if (user.sessions++ == 0) user.settings.plain = player.user.plain;
  if (!isGuest && !user.isLoaded && !user.isLoading) loadSettings(userId, user);
}

void World::partWithUser(const std::string& userId) {
  const auto it = users_.find(userId);
  if (it == users_.end()) return;
  // A guest has one visit.
  if (isGuestId(userId) || --it->second.sessions == 0) forgetUser(userId);
}

/// Where a session was that comes back from the store; nobody is told, for them it never left. It keeps
/// one room: another one is of no use (the configuration may have changed since).
size_t World::roomBefore(const PlayingSession& session) {
  const auto wasIn = [&](const Room& room) {
    return std::find(session.rooms.begin(), session.rooms.end(), room.name) != session.rooms.end();
  };
  const auto found = std::find_if(rooms_.begin(), rooms_.end(), wasIn);
  const size_t room = found == rooms_.end() ? 0 : static_cast<size_t>(found - rooms_.begin());
  for (const std::string& name : session.rooms) {
    if (name != rooms_[room].name) sink_.leaveRoom(session.session, name);
  }
  return room;
}

void World::loadSettings(const std::string& userId, User& user) {
  user.isLoading = true;
  settings_.load(userId, [this, userId](Result<Settings> loaded) { settingsLoaded(userId, std::move(loaded)); });
}

void World::settingsLoaded(const std::string& userId, Result<Settings> loaded) {
  const auto it = users_.find(userId);
  if (it == users_.end()) return;
  User& user = it->second;
  user.isLoading = false;
  if (loaded && !user.isLoaded) {  // an earlier visit's answer may have come first
    user.isLoaded = true;
    indexIgnored(userId, user.settings, false);
    user.settings = std::move(*loaded);
    for (auto& change : user.changes) change(user.settings);
    if (!user.changes.empty()) settings_.save(userId, user.settings);
    user.changes.clear();
    indexIgnored(userId, user.settings, true);
  }
  if (user.sessions == 0) forgetUser(userId);
}

void World::forgetUser(const std::string& userId) {
  const auto it = users_.find(userId);
  // What was changed while the settings were being read is saved when they come.
  if (it->second.isLoading && !it->second.changes.empty()) return;
  indexIgnored(userId, it->second.settings, false);
  users_.erase(it);
}

void World::left(const SessionId& session) {
  Player* player = find(session);
  if (!player) return;
  const size_t room = player->room;
  stand(*player);
  announce(*player, room, false);
  const auto [from, to] = byName_.equal_range(player->key);
  for (auto it = from; it != to; ++it) {
    if (it->second == player) {
      byName_.erase(it);
      break;
    }
  }
  partWithUser(player->user.userId);
  players_.erase(session);
}

void World::setAway(const SessionId& session, bool isAway) {
  // The room hears nothing: phones lose their network all the time.
  if (Player* player = find(session)) player->isAway = isAway;
}

Player* World::find(const SessionId& session) {
  const auto it = players_.find(session);
  return it == players_.end() ? nullptr : it->second.get();
}

Player* World::findByName(std::string_view name) {
  const auto it = byName_.find(foldName(name));
  return it == byName_.end() ? nullptr : it->second;
}

void World::sit(Player& player, size_t room) {
  player.room = room;
  player.seat = rooms_[room].members.size();
  rooms_[room].members.push_back(&player);
  sink_.joinRoom(player.session, rooms_[room].name);
}

void World::stand(Player& player) {
  std::vector<Player*>& members = rooms_[player.room].members;
  members[player.seat] = members.back();
  members[player.seat]->seat = player.seat;
  members.pop_back();
  sink_.leaveRoom(player.session, rooms_[player.room].name);
}

void World::move(Player& player, size_t room) {
  const size_t old = player.room;
  stand(player);
  announce(player, old, false);
  sit(player, room);
  look(player);
  announce(player, room, true);
}

void World::announce(const Player& player, size_t index, bool isArrival) {
  Room& room = rooms_[index];
  if (room.members.size() > kQuietAbove) {
    ++(isArrival ? room.arrived : room.gone);
    if (room.isSummaryDue) return;
    room.isSummaryDue = true;
    timers_.at(clock_.nowNs() + kSummaryNs, [this, index] { summarise(index); });
    return;
  }
  Phrase line;
  line.name(player.name()).add(isArrival ? " arrives." : " leaves.");
  sink_.broadcastToRoom(room.name,
                        std::move(line).event(isArrival ? "join" : "leave", player.name(), room.name, Delivery::kDrop),
                        {player.session}, ignorersOf(player.user.userId));
}

void World::summarise(size_t index) {
  Room& room = rooms_[index];
  Phrase line;
  if (room.arrived > 0) line.add(people(room.arrived) + (room.arrived == 1 ? " arrives" : " arrive"));
  if (room.arrived > 0 && room.gone > 0) line.add(", ");
  if (room.gone > 0) line.add(people(room.gone) + (room.gone == 1 ? " leaves" : " leave"));
  line.add(".");
  room.arrived = room.gone = 0;
  room.isSummaryDue = false;
  sink_.broadcastToRoom(room.name, std::move(line).event("traffic", {}, room.name, Delivery::kDrop), {}, {});
}

void World::tellOthers(const Player& speaker, plugin::Event event) {
  sink_.broadcastToRoom(roomOf(speaker).name, std::move(event), {speaker.session}, ignorersOf(speaker.user.userId));
}

void World::note(const Player& to, std::string_view text) {
  Phrase line;
  tell(to, std::move(line.add(text)).event("note", {}, {}));
}

void World::complain(const Player& to, std::string_view text) {
  Phrase line;
  tell(to, std::move(line.tint(text, kYellow)).event("error", {}, {}));
}

void World::look(const Player& player) { tell(player, describe(player, {}, "look")); }

plugin::Event World::describe(const Player& player, Phrase line, std::string_view verb) const {
  const Room& room = roomOf(player);
  line.add("You are in ").name(room.name).add(". ");
  const size_t others = room.members.size() - 1;
  if (others == 0) line.add("Nobody else is here.");
  size_t shown = 0;
  for (const Player* member : room.members) {
    if (member == &player) continue;
    if (shown == kNamesInLook) break;
    line.add(shown == 0 ? "Also here: " : ", ").add(member->name());
    if (member->isAway) line.add(" (away)");
    ++shown;
  }
  if (others > shown) line.add(" and " + std::to_string(others - shown) + " more");
  if (others > 0) line.add(".");
  std::string more = "\"others\":" + std::to_string(others);
  return std::move(line).event(verb, {}, room.name, Delivery::kMust, more);
}

const Settings& World::settingsOf(const Player& player) const {
  static const Settings kUnchanged;
  const auto it = users_.find(player.user.userId);
  return it == users_.end() ? kUnchanged : it->second.settings;
}

bool World::isMuted(const Player& player) const { return settingsOf(player).mutedUntilUs > clock_.wallUs(); }

bool World::ignores(const Player& listener, const Player& speaker) const {
  const std::vector<Ignored>& ignored = settingsOf(listener).ignored;
  return std::any_of(ignored.begin(), ignored.end(),
                     [&](const Ignored& one) { return one.userId == speaker.user.userId; });
}

bool World::changeSettings(const Player& player, UniqueFunction<void(Settings&)> change) {
  const std::string& userId = player.user.userId;
  User& user = users_[userId];
  const bool isKept = !isGuestId(userId);
  if (isKept && !user.isLoaded && user.changes.size() >= kMaxEarlyChanges) {
    complain(player, "That does not work right now. Try again in a moment.");
    return false;
  }
  indexIgnored(userId, user.settings, false);
  change(user.settings);
  indexIgnored(userId, user.settings, true);
  if (!isKept) return true;
  if (user.isLoaded) {
    settings_.save(userId, user.settings);
  } else {
    user.changes.push_back(std::move(change));
  }
  return true;
}

void World::mute(const std::string& userId, int64_t untilUs) {
  const auto isThem = [&](const auto& entry) { return entry.second->user.userId == userId; };
  if (isGuestId(userId) && std::any_of(players_.begin(), players_.end(), isThem)) users_.try_emplace(userId);
  const auto online = users_.find(userId);
  if (online != users_.end()) {
    online->second.settings.mutedUntilUs = untilUs;
    const auto change = [untilUs](Settings& settings) { settings.mutedUntilUs = untilUs; };
    if (!online->second.isLoaded) online->second.changes.push_back(change);
  }
  if (isGuestId(userId)) return;
  if (online != users_.end() && online->second.isLoaded) return settings_.save(userId, online->second.settings);
  settings_.load(userId, [this, userId, untilUs](Result<Settings> loaded) {
    if (!loaded) return;
    loaded->mutedUntilUs = untilUs;
    settings_.save(userId, std::move(*loaded));
  });
}

void World::indexIgnored(const std::string& userId, const Settings& settings, bool add) {
  for (const Ignored& one : settings.ignored) {
    std::vector<std::string>& ignorers = ignoredBy_[one.userId];
    if (add) {
      ignorers.push_back(userId);
    } else {
      std::erase(ignorers, userId);
      if (ignorers.empty()) ignoredBy_.erase(one.userId);
    }
  }
}

std::vector<std::string> World::ignorersOf(const std::string& userId) const {
  const auto it = ignoredBy_.find(userId);
  return it == ignoredBy_.end() ? std::vector<std::string>() : it->second;
}

}  // namespace gw::lobby
