// gwctl plugin: code that comes or goes while no reload could do it.

#include <charconv>

#include "commands.h"
#include "plugin_work.h"
#include "text.h"

namespace gw::cli {
namespace {

constexpr uint64_t kUsualGraceMs = 30'000;

/// --no-wait: its number. Else it waits; what was refused is thrown.
int follow(const Client& client, Output& output, const Arguments& arguments, const Json& begun,
           std::string (*summaryOf)(const Json&)) {
  if (arguments.noWait) {
    output.done(begun, sanitized(arguments.id) + ": " + textOf(begun, "verb") + " " + numberOf(begun, "id"));
    return kOk;
  }
  const Json work = waitForWork(client, output, begun);
  const std::string outcome = work.at("outcome").get<std::string>();
  if (outcome == "refused" && !output.isJson())
    throw CliError(kReloadRefused, "refused: " + sentenceOf(work, "why"), "nothing was changed");
  output.done(work, output.isJson() ? std::string() : summaryOf(work));
  return exitOf(outcome);
}

std::string formerOf(const Json& work) {
  const std::string former = textOf(work, "former");
  const std::string code = textOf(work, "plugin") + ": generation " + numberOf(work.at("from"), "generation") +
                           " (version " + textOf(work.at("from"), "version") + ")";
  if (former == "unloaded") return code + " is unloaded: its library is no longer mapped";
  if (former == "leaked") return code + " has ended, but its library is still in memory (leaked)";
  if (former == "kept") return code + " has ended; its library stays in memory, as it asked";
  return code + " is still alive: " + sentenceOf(work, "why");
}

std::string loaded(const Json& work) {
  const std::string what = textOf(work, "plugin") + ": version " + textOf(work.at("to"), "version");
  const std::string started = joinedOf(work, "started");
  const std::string failed = reasonsOf(work);
  if (started == "-" && failed.empty()) return what + " is known; no account waits for it.";
  return what + " is loaded as generation " + numberOf(work.at("to"), "generation") + "; started: " + started +
         (failed.empty() ? "." : "; not started: " + failed);
}

std::string drained(const Json& work) {
  return formerOf(work) + "; " + numberOf(work, "gone") + " of " + numberOf(work, "connections") +
         " connections left by themselves, " + numberOf(work, "cutOff") + " were cut off.";
}

std::string unloaded(const Json& work) { return formerOf(work) + "."; }

/// "telnet@3"
std::pair<std::string, std::string> splitGeneration(const std::string& text) {
  const size_t at = text.rfind('@');
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const char* const from = at == std::string::npos ? end : text.data() + at + 1;
  const auto parsed = std::from_chars(from, end, number);
  if (at == 0 || parsed.ec != std::errc{} || parsed.ptr != end)
    throw CliError(kUsage, "expected ID@GENERATION, as in telnet@3, got " + sanitized(text),
                   "see them with: gwctl plugin generations");
  return {text.substr(0, at), text.substr(at + 1)};
}

}  // namespace

int pluginLoad(const Client& client, Output& output, const Arguments& arguments) {
  const Json begun = client.post("/v1/plugins", Json{{"file", absoluteFile(arguments.id)}});
  return follow(client, output, arguments, begun, loaded);
}

int pluginDrain(const Client& client, Output& output, const Arguments& arguments) {
  const auto [plugin, generation] = splitGeneration(arguments.id);
  const uint64_t graceMs = arguments.graceMs.value_or(kUsualGraceMs);
  const Json begun = client.post("/v1/plugins/" + encoded(plugin) + "/generations/" + generation + "/drain",
                                 Json{{"graceMs", graceMs}});
  return follow(client, output, arguments, begun, drained);
}

int pluginUnload(const Client& client, Output& output, const Arguments& arguments) {
  const Json begun = client.post("/v1/plugins/" + encoded(arguments.id) + "/unload",
                                 Json{{"timeoutMs", static_cast<uint64_t>(client.timeout().count())}});
  return follow(client, output, arguments, begun, unloaded);
}

}  // namespace gw::cli
