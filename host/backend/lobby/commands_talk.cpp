// say, emote, tell: speaking to others.
#include "backend/lobby/commands.h"

namespace gw::lobby {

bool Commands::mayNotSpeak(const Player& player) {
  if (!world_.isMuted(player)) return false;
  complain(player, "You are muted: nobody would hear you.");
  return true;
}

void Commands::say(Player& player, std::string_view text) {
  if (trim(text).empty()) return complain(player, "Say what?");
  if (mayNotSpeak(player)) return;
  const std::string& room = world_.roomOf(player).name;
  Phrase mine;
  mine.add("You say: ").add(text);
  world_.tell(player, std::move(mine).event("say", player.name(), room));
  Phrase theirs;
  theirs.name(player.name()).add(" says: ").add(text);
  world_.tellOthers(player, std::move(theirs).event("say", player.name(), room));
}

void Commands::emote(Player& player, std::string_view text) {
  if (text.empty()) return complain(player, "Do what? Try: emote waves");
  if (mayNotSpeak(player)) return;
  const std::string& room = world_.roomOf(player).name;
  const auto line = [&] {
    Phrase phrase;
    return std::move(phrase.name(player.name()).add(" ").add(text)).event("emote", player.name(), room);
  };
  world_.tell(player, line());
  world_.tellOthers(player, line());
}

void Commands::tell(Player& player, std::string_view args) {
  std::string_view text = args;
  const std::string_view name = takeWord(text);
  if (name.empty() || text.empty()) return complain(player, "Tell whom what? Try: tell Anna hello");
  Player* target = world_.findByName(name);
  if (!target) return complain(player, "Nobody called " + quotable(name) + " is here.");
  if (target == &player) {
    Phrase self;
    self.tint("You tell yourself: ", kCyan).add(text);
    return world_.tell(player, std::move(self).event("tell", player.name(), {}));
  }
  if (mayNotSpeak(player)) return;
  if (world_.ignores(*target, player)) return complain(player, target->name() + " does not want to hear from you.");
  if (world_.ignores(player, *target))
    return complain(player, "You ignore " + target->name() + "; they could not answer.");
  std::string to = "\"to\":";
  appendJsonString(to, target->name());
  Phrase theirs;
  theirs.name(player.name()).tint(" tells you: ", kCyan).add(text);
  world_.tell(*target, std::move(theirs).event("tell", player.name(), {}, plugin::Delivery::kMust, to));
  Phrase mine;
  mine.tint("You tell ", kCyan).name(target->name()).add(": ").add(text);
  if (target->isAway) mine.add(" (They are away and will see it when they return.)");
  world_.tell(player, std::move(mine).event("tell", player.name(), {}, plugin::Delivery::kMust, to));
}

}  // namespace gw::lobby
