#pragma once
// Commands: what a typed line means. With a leading '/', a name may be cut short as long as it is clear;
// without one, a line is a command only if it is one beyond doubt (a full name with arguments that fit),
// else it is said aloud. Not thread-safe (lobby's thread).

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/lobby/world.h"

namespace gw::lobby {

class Commands;

struct CommandSpec {
  std::string_view name;
  std::string_view alias;    // one other full name; may be empty
  std::string_view usage;    // "tell NAME TEXT"
  std::string_view summary;  // one line
  void (Commands::*run)(Player&, std::string_view args);
  /// Whether a bare line with these arguments is meant as this command.
  bool (Commands::*fitsBare)(std::string_view args) const;
};

class Commands {
 public:
  Commands(const LobbyOptions& options, World& world, StoreCalls& store, session::BackendSink& sink)
      : backendName_(options.backendName),
        maxIgnored_(options.ignoredPerUser),
        maxLineBytes_(options.maxLineBytes),
        world_(world),
        store_(store),
        sink_(sink) {}

  /// Handles one line of input. Its answers are on their way when this returns, but for those that
  /// wait for the store.
  void run(Player& player, std::string_view line);

 private:
  static const CommandSpec* exact(std::string_view word);
  void runSlash(Player& player, std::string_view line);

  // talk (commands_talk.cpp)
  void say(Player& player, std::string_view text);
  void emote(Player& player, std::string_view text);
  void tell(Player& player, std::string_view args);
  // place (commands_place.cpp)
  void who(Player& player, std::string_view args);
  void listRooms(Player& player, std::string_view args);
  void join(Player& player, std::string_view args);
  void leave(Player& player, std::string_view args);
  void look(Player& player, std::string_view args);
  // self (commands_self.cpp)
  void ignore(Player& player, std::string_view args);
  void plain(Player& player, std::string_view args);
  void help(Player& player, std::string_view args);
  void token(Player& player, std::string_view args);
  void quit(Player& player, std::string_view args);

  void listIgnored(const Player& player);
  void addIgnored(Player& player, const Ignored& whom);
  void removeIgnored(Player& player, std::string_view name);
  void ignoreByName(Player& player, std::string_view name);

  bool always(std::string_view args) const;
  bool alone(std::string_view args) const;
  bool never(std::string_view args) const;
  bool namesRoom(std::string_view args) const;
  bool namesCommand(std::string_view args) const;
  bool isOnOff(std::string_view args) const;
  bool isIgnoreForm(std::string_view args) const;

  void note(const Player& player, std::string_view text);
  void complain(const Player& player, std::string_view text);
  bool mayNotSpeak(const Player& player);

  static const CommandSpec kCommands[];
  static const size_t kCommandCount;

  const std::string backendName_;
  const size_t maxIgnored_;
  const size_t maxLineBytes_;
  World& world_;
  StoreCalls& store_;
  session::BackendSink& sink_;
};

// Words of a line.
std::string_view trim(std::string_view text);
/// Cuts the first word off `rest`, which then begins with the next one.
std::string_view takeWord(std::string_view& rest);
bool equalsIgnoringCase(std::string_view a, std::string_view b);  // ASCII
/// What a player typed, short enough to be repeated to them.
std::string quotable(std::string_view text);

}  // namespace gw::lobby
