// ignore, plain, help, token, quit: what concerns only oneself.
#include <algorithm>
#include <optional>

#include "backend/lobby/commands.h"
#include "backend/lobby/names.h"

namespace gw::lobby {

bool Commands::isIgnoreForm(std::string_view args) const {
  std::string_view name = args;
  const std::string_view verb = takeWord(name);
  const bool isOneWord = name.find_first_of(" \t") == std::string_view::npos;
  if (verb.empty()) return true;
  if (equalsIgnoringCase(verb, "list")) return name.empty();
  return isOneWord && !name.empty() && (equalsIgnoringCase(verb, "add") || equalsIgnoringCase(verb, "remove"));
}

void Commands::ignore(Player& player, std::string_view args) {
  std::string_view name = args;
  const std::string_view verb = takeWord(name);
  if (verb.empty() || (equalsIgnoringCase(verb, "list") && name.empty())) return listIgnored(player);
  if (name.empty()) return ignoreByName(player, verb);
  if (equalsIgnoringCase(verb, "add")) return ignoreByName(player, name);
  if (equalsIgnoringCase(verb, "remove")) return removeIgnored(player, name);
  complain(player, "Try: ignore list, ignore add NAME, ignore remove NAME");
}

void Commands::listIgnored(const Player& player) {
  const std::vector<Ignored>& ignored = world_.settingsOf(player).ignored;
  if (ignored.empty()) return note(player, "You ignore nobody.");
  Phrase line;
  line.add("You ignore: ");
  for (const Ignored& one : ignored) line.add(&one == &ignored.front() ? "" : ", ").name(one.name);
  world_.tell(player, std::move(line).event("ignore", {}, {}));
}

void Commands::ignoreByName(Player& player, std::string_view name) {
  if (const Player* target = world_.findByName(name))
    return addIgnored(player, Ignored{target->user.userId, target->name()});
  const Result<CharacterName> wanted = checkCharacterName(name);
  if (!wanted) return complain(player, "Nobody is called " + quotable(name) + ".");
  // Someone who is not online: the store knows them.
  using Found = std::optional<store::CharacterRecord>;
  store_.ask<Found>(
      player.user.userId,
      [backend = backendName_, key = wanted->key](store::SessionStore& store) {
        return store.findCharacter(backend, key);
      },
      [this, id = player.session, name = wanted->shown](Result<Found> found) {
        Player* asking = world_.find(id);
        if (!asking) return;
        if (!found) return complain(*asking, "That does not work right now. Try again in a moment.");
        if (!*found) return complain(*asking, "Nobody is called " + name + ".");
        addIgnored(*asking, Ignored{(*found)->userId, (*found)->name});
      });
}

void Commands::addIgnored(Player& player, const Ignored& whom) {
  if (whom.userId == player.user.userId) return complain(player, "You cannot ignore yourself.");
  const std::vector<Ignored>& ignored = world_.settingsOf(player).ignored;
  const bool isKnown =
      std::any_of(ignored.begin(), ignored.end(), [&](const Ignored& one) { return one.userId == whom.userId; });
  if (isKnown) return note(player, "You ignore " + whom.name + " already.");
  if (ignored.size() >= maxIgnored_)
    return complain(player, "You ignore " + std::to_string(maxIgnored_) + " people already.");
  const bool isChanged = world_.changeSettings(player, [whom](Settings& settings) {
    std::erase_if(settings.ignored, [&whom](const Ignored& one) { return one.userId == whom.userId; });
    settings.ignored.push_back(whom);
  });
  if (!isChanged) return;
  note(player, "You no longer hear " + whom.name + ". Type ignore remove " + whom.name + " to change that.");
}

void Commands::removeIgnored(Player& player, std::string_view name) {
  const std::string folded = foldName(name);
  const std::vector<Ignored>& ignored = world_.settingsOf(player).ignored;
  const auto found =
      std::find_if(ignored.begin(), ignored.end(), [&](const Ignored& one) { return foldName(one.name) == folded; });
  if (found == ignored.end()) return complain(player, "You do not ignore " + quotable(name) + ".");
  const std::string heard = "You hear " + found->name + " again.";
  const bool isChanged = world_.changeSettings(player, [id = found->userId](Settings& settings) {
    std::erase_if(settings.ignored, [&id](const Ignored& one) { return one.userId == id; });
  });
  if (isChanged) note(player, heard);
}

void Commands::plain(Player& player, std::string_view args) {
  const bool isOn = world_.settingsOf(player).plain;
  bool wanted = !isOn;
  if (!args.empty()) {
    if (!isOnOff(args)) return complain(player, "Try: plain on, or plain off");
    wanted = equalsIgnoringCase(args, "on");
  }
  if (!world_.changeSettings(player, [wanted](Settings& settings) { settings.plain = wanted; })) return;
  sink_.setPlain(player.session, wanted);
  note(player, wanted ? "Plain output is on." : "Plain output is off.");
}

void Commands::help(Player& player, std::string_view args) {
  Phrase line;
  if (!args.empty()) {
    const std::string_view word = args.front() == '/' ? args.substr(1) : args;
    const CommandSpec* spec = exact(word);
    if (!spec) return complain(player, "There is no command " + quotable(word) + ".");
    line.name(spec->usage).add("\n").add(spec->summary);
    if (!spec->alias.empty()) line.add("\nAlso: /").add(spec->alias);
    return world_.tell(player, std::move(line).event("help", {}, {}));
  }
  line.add("Whatever you type is said to the room, unless it is one of these:");
  for (size_t i = 0; i < kCommandCount; ++i)
    line.add("\n  ").name(kCommands[i].usage).add("  ").add(kCommands[i].summary);
  line.add("\nA leading / makes sure that a line is taken as a command; then a name may be cut short: /w");
  world_.tell(player, std::move(line).event("help", {}, {}));
}

void Commands::token(Player& player, std::string_view) {
  // The session answers /token before a backend sees it; here it arrives only from a way in without one.
  complain(player, "No code can be made for this connection.");
}

void Commands::quit(Player& player, std::string_view) {
  sink_.disconnect(player.session, "clientDisconnect", "Goodbye.");
}

}  // namespace gw::lobby
