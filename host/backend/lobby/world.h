#pragma once
// World: who is here, in which room, and who ignores whom. What is said to a room is one call of the
// sink, never a loop over its members.
//
// Invariants: a player is in exactly one room; room.members[player.seat] == player; ignoredBy_ mirrors the
// settings of the users who are online.
// Not thread-safe (lobby's thread).

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/lobby/options.h"
#include "backend/lobby/phrase.h"
#include "backend/lobby/settings.h"
#include "backend/lobby/timers.h"
#include "base/clock.h"
#include "session/backend_port.h"

namespace gw::lobby {

struct Player {
  SessionId session;
  session::Identity user;
  session::Character character;
  std::string key;  // folded name
  size_t room = 0;  // index
  size_t seat = 0;  // index in the room's members
  bool isAway = false;
  const std::string& name() const { return character.name; }
};

struct Room {
  std::string name;
  std::vector<Player*> members;
  uint32_t arrived = 0;  // since the last summary
  uint32_t gone = 0;
  bool isSummaryDue = false;
};

class World {
 public:
  /// Above this many members a room hears of comings and goings once a second.
  static constexpr size_t kQuietAbove = 50;

  World(const LobbyOptions& options, session::BackendSink& sink, SettingsStore& settings, Timers& timers,
        const Clock& clock);

  // Lifecycle, as session::Backend.
  void entered(session::PlayingSession session);
  void left(const SessionId& session);
  void setAway(const SessionId& session, bool isAway);

  Player* find(const SessionId& session);
  /// By name in any spelling; null if not here.
  Player* findByName(std::string_view name);
  const Room& roomOf(const Player& player) const { return rooms_[player.room]; }
  const std::vector<Room>& rooms() const { return rooms_; }
  const std::multimap<std::string, Player*>& byName() const { return byName_; }
  size_t size() const { return players_.size(); }

  // Speaking. All text is data.
  void tell(const Player& to, plugin::Event event) { sink_.output(to.session, std::move(event), 0); }
  /// To everyone in the speaker's room but the speaker and those who ignore them.
  void tellOthers(const Player& speaker, plugin::Event event);
  /// A short remark to one player: confirmations, and (complain) wrong usage and refusals.
  void note(const Player& to, std::string_view text);
  void complain(const Player& to, std::string_view text);
  void look(const Player& player);

  /// Leaves the old room and enters the new one; both hear of it, the player looks around.
  void move(Player& player, size_t room);

  const Settings& settingsOf(const Player& player) const;
  bool isMuted(const Player& player) const;
  bool ignores(const Player& listener, const Player& speaker) const;
  /// Applies the change at once and keeps it (not for guests). It may be applied a second time: to the
  /// kept settings, should they arrive only then.
  /// False, with the player told: too many changes wait for the store; nothing was changed.
  [[nodiscard]] bool changeSettings(const Player& player, UniqueFunction<void(Settings&)> change);
  /// An operator's word; also for someone who is not here.
  void mute(const std::string& userId, int64_t untilUs);

 private:
  struct User {
    Settings settings;
    uint32_t sessions = 0;
    bool isLoading = false;
    bool isLoaded = false;  // else nothing is saved: it would overwrite what was not read
    std::vector<UniqueFunction<void(Settings&)>> changes;  // made before the settings came
  };
  void meetUser(const Player& player);
  void partWithUser(const std::string& userId);
  size_t roomBefore(const session::PlayingSession& session);
  void loadSettings(const std::string& userId, User& user);
  void settingsLoaded(const std::string& userId, Result<Settings> loaded);
  void forgetUser(const std::string& userId);
  /// Where the player is and who else, behind what `line` says already.
  plugin::Event describe(const Player& player, Phrase line, std::string_view verb) const;
  void sit(Player& player, size_t room);
  void stand(Player& player);
  void announce(const Player& player, size_t room, bool isArrival);
  void summarise(size_t room);
  void indexIgnored(const std::string& userId, const Settings& settings, bool add);
  std::vector<std::string> ignorersOf(const std::string& userId) const;

  session::BackendSink& sink_;
  SettingsStore& settings_;
  Timers& timers_;
  const Clock& clock_;
  std::vector<Room> rooms_;
  std::unordered_map<SessionId, std::unique_ptr<Player>> players_;
  std::multimap<std::string, Player*> byName_;
  std::unordered_map<std::string, User> users_;
  std::unordered_map<std::string, std::vector<std::string>> ignoredBy_;  // user → online users who ignore them
};

}  // namespace gw::lobby
