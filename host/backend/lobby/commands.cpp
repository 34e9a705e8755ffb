#include "backend/lobby/commands.h"

#include <algorithm>

#include "session/text/sanitize.h"

namespace gw::lobby {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool beginsIgnoringCase(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equalsIgnoringCase(text.substr(0, start.size()), start);
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto isBlank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view takeWord(std::string_view& rest) {
  const size_t end = std::min(rest.find_first_of(" \t"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest = trim(rest.substr(end));
  return word;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string quotable(std::string_view text) {
  constexpr size_t kMost = 60;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return std::string(text.substr(0, end)) + "…";
}

const CommandSpec Commands::kCommands[] = {
    {"say", "", "say TEXT", "Says it to the room; so does a line without a command.", &Commands::say,
     &Commands::always},
    {"emote", "me", "emote TEXT", "Acts: \"emote waves\" shows \"Anna waves\".", &Commands::emote, &Commands::always},
    {"tell", "msg", "tell NAME TEXT", "Says it to one person, wherever they are.", &Commands::tell, &Commands::always},
    {"who", "", "who", "Lists who is online.", &Commands::who, &Commands::alone},
    {"look", "l", "look", "Shows where you are and who is with you.", &Commands::look, &Commands::alone},
    {"rooms", "", "rooms", "Lists the rooms.", &Commands::listRooms, &Commands::alone},
    {"join", "", "join ROOM", "Goes to a room.", &Commands::join, &Commands::namesRoom},
    {"leave", "", "leave", "Goes back to the first room.", &Commands::leave, &Commands::alone},
    {"ignore", "", "ignore [list | add NAME | remove NAME]", "Hides what someone says, does and tells you.",
     &Commands::ignore, &Commands::isIgnoreForm},
    {"plain", "", "plain [on | off]", "Plain output for screen readers: no banner, no repeated prompt. Kept.",
     &Commands::plain, &Commands::isOnOff},
    {"token", "", "/token", "Shows a code with which you can go on from another place.", &Commands::token,
     &Commands::never},
    {"help", "?", "help [COMMAND]", "Explains the commands.", &Commands::help, &Commands::namesCommand},
    {"quit", "exit", "quit", "Says goodbye and ends your visit.", &Commands::quit, &Commands::alone},
};
const size_t Commands::kCommandCount = std::size(kCommands);

const CommandSpec* Commands::exact(std::string_view word) {
  for (const CommandSpec& spec : kCommands) {
    if (equalsIgnoringCase(spec.name, word)) return &spec;
  }
  return nullptr;
}

void Commands::run(Player& player, std::string_view line) {
  if (line.size() > maxLineBytes_) {
    return complain(player, "That line is too long: at most " + std::to_string(maxLineBytes_) + " bytes.");
  }
  // The edge has cleaned it; once more costs little and keeps other ways in honest. One line stays one
  // line: else "hi\nBob says: …" would put words into Bob's mouth.
  std::string clean = session::sanitizeInput(line);
  std::replace(clean.begin(), clean.end(), '\n', ' ');
  const std::string_view typed = trim(clean);
  if (typed.empty()) return;
  if (typed.front() == '/') {
    if (typed.size() > 1 && typed[1] == '/') return say(player, typed.substr(1));  // "//shrug" says "/shrug"
    return runSlash(player, typed.substr(1));
  }
  std::string_view rest = typed;
  const CommandSpec* spec = exact(takeWord(rest));
  if (spec && (this->*spec->fitsBare)(rest)) return (this->*spec->run)(player, rest);
  say(player, clean);
}

void Commands::runSlash(Player& player, std::string_view line) {
  std::string_view rest = line;
  const std::string_view word = takeWord(rest);
  const CommandSpec* found = nullptr;
  std::string candidates;
  for (const CommandSpec& spec : kCommands) {
    if (equalsIgnoringCase(spec.name, word) || (!spec.alias.empty() && equalsIgnoringCase(spec.alias, word))) {
      return (this->*spec.run)(player, rest);
    }
    if (word.empty() || !beginsIgnoringCase(spec.name, word)) continue;
    candidates.append(found ? ", /" : "/").append(spec.name);
    found = found ? found : &spec;
  }
  const bool isClear = found && candidates.size() == found->name.size() + 1;
  if (isClear) return (this->*found->run)(player, rest);
  if (found) return complain(player, "/" + quotable(word) + " could be " + candidates + ".");
  complain(player, "There is no command /" + quotable(word) + ". Type help for the list.");
}

bool Commands::always(std::string_view) const { return true; }
bool Commands::never(std::string_view) const { return false; }
bool Commands::alone(std::string_view args) const { return args.empty(); }

bool Commands::namesCommand(std::string_view args) const { return args.empty() || exact(args) != nullptr; }

bool Commands::isOnOff(std::string_view args) const {
  return args.empty() || equalsIgnoringCase(args, "on") || equalsIgnoringCase(args, "off");
}

void Commands::note(const Player& player, std::string_view text) { world_.note(player, text); }
void Commands::complain(const Player& player, std::string_view text) { world_.complain(player, text); }

}  // namespace gw::lobby
