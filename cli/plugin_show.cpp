// gwctl plugin: what was found, loaded and refused, and what of it is alive.

#include "cli_error.h"
#include "commands.h"
#include "text.h"

namespace gw::cli {
namespace {

/// "mover:default (3 connections), mover:tls (new clients)"
std::string holdersOf(const Json& generation) {
  std::string text;
  for (const Json& holder : generation.at("heldBy")) {
    const bool serves = holder.at("serves").get<bool>();
    text += (text.empty() ? "" : ", ") + textOf(holder, "account") + " (" + numberOf(holder, "connections") +
            " connections" + (serves ? ", new clients)" : ")");
  }
  return text.empty() ? "a call or a reload that is under way" : text;
}

std::string generationsOf(const Json& plugin) {
  std::string text;
  for (const Json& generation : plugin.at("generations"))
    text += (text.empty() ? "" : "; ") + numberOf(generation, "generation") + " (version " +
            textOf(generation, "version") + ") " + textOf(generation, "state") + ": " + holdersOf(generation);
  return text.empty() ? "-" : text;
}

/// Why it was refused, or what is wrong with it now.
std::string troubleOf(const Json& plugin) {
  if (!plugin.at("reason").is_null()) return sentenceOf(plugin, "reason");
  std::string text;
  if (!plugin.at("quarantined").empty()) text = "in quarantine: " + joinedOf(plugin, "quarantined");
  if (const uint64_t leaked = plugin.at("leaked").get<uint64_t>(); leaked > 0)
    text += (text.empty() ? "" : "; ") + std::string("libraries that stayed in memory: ") + std::to_string(leaked);
  return text.empty() ? "-" : text;
}

std::string stateVersionsOf(const Json& plugin) {
  const Json& state = plugin.at("stateVersions");
  if (state.is_null()) return "-";
  return textOf(state, "id") + " version " + numberOf(state, "version") + ", reads from " +
         numberOf(state, "oldestImport") + ", writes from " + numberOf(state, "oldestExport");
}

std::string reloadsOf(const Json& plugin) {
  const Json& reloads = plugin.at("reloads");
  const auto count = [&](const char* key, const char* word) { return numberOf(reloads, key) + " " + word; };
  return count("committed", "committed, ") + count("partial", "partial, ") + count("refused", "refused, ") +
         count("rolledBack", "rolled back; connections: ") + count("moved", "moved, ") + count("stayed", "stayed, ") +
         count("failed", "failed");
}

}  // namespace

int pluginList(const Client& client, Output& output, const Arguments&) {
  const auto alive = [](const Json& plugin) { return std::to_string(plugin.at("generations").size()); };
  output.list(
      client.get("/v1/plugins"),
      {textColumn("PLUGIN", "id"), textColumn("VERSION", "version"), textColumn("STATE", "state"),
       numberColumn("GENERATION", "generation"), Column{"ALIVE", alive}, numberColumn("CONNECTIONS", "connections"),
       joinedColumn("ACCOUNTS", "accounts"), textColumn("VENDOR", "vendor"), Column{"TROUBLE", troubleOf}},
      "No plugins were found; see plugins.dirs in the configuration.");
  return kOk;
}

int pluginShow(const Client& client, Output& output, const Arguments& arguments) {
  output.record(client.get("/v1/plugins/" + encoded(arguments.id)),
                {textColumn("Plugin", "id"), sentenceColumn("Name", "name"), sentenceColumn("Vendor", "vendor"),
                 textColumn("Version", "version"), sentenceColumn("License", "license"), sentenceColumn("File", "file"),
                 textColumn("SHA-256", "sha256"), textColumn("State", "state"), Column{"Trouble", troubleOf},
                 numberColumn("Generation", "generation"), timeColumn("Loaded", "loadedAt"),
                 numberColumn("Connections", "connections"), joinedColumn("Accounts", "accounts"),
                 joinedColumn("Extensions", "extensions"), Column{"State moved as", stateVersionsOf},
                 Column{"Alive", generationsOf}, Column{"Reloads", reloadsOf}});
  return kOk;
}

int pluginGenerations(const Client& client, Output& output, const Arguments&) {
  output.list(
      client.get("/v1/generations"),
      {textColumn("PLUGIN", "plugin"), numberColumn("GENERATION", "generation"), textColumn("VERSION", "version"),
       textColumn("STATE", "state"), numberColumn("CONNECTIONS", "connections"), numberColumn("WORK", "work"),
       Column{"HELD BY", holdersOf}, timeColumn("LOADED", "loadedAt"), sentenceColumn("FILE", "file")},
      "No plugin is loaded.");
  return kOk;
}

}  // namespace gw::cli
