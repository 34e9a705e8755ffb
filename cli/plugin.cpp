// gwctl plugin: what was found, loaded and refused; other code below live connections.

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cli_error.h"
#include "commands.h"
#include "text.h"

namespace gw::cli {

int pluginList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/plugins"),
              {textColumn("PLUGIN", "id"), textColumn("VERSION", "version"), textColumn("STATE", "state"),
               numberColumn("GENERATION", "generation"), numberColumn("CONNECTIONS", "connections"),
               joinedColumn("ACCOUNTS", "accounts"), sentenceColumn("REASON", "reason")},
              "No plugins were found; see plugins.dirs in the configuration.");
  return kOk;
}

int pluginShow(const Client& client, Output& output, const Arguments& arguments) {
  output.record(client.get("/v1/plugins/" + encoded(arguments.id)),
                {textColumn("Plugin", "id"), sentenceColumn("Name", "name"), sentenceColumn("Vendor", "vendor"),
                 textColumn("Version", "version"), sentenceColumn("License", "license"), sentenceColumn("File", "file"),
                 textColumn("SHA-256", "sha256"), textColumn("State", "state"), sentenceColumn("Reason", "reason"),
                 numberColumn("Generation", "generation"), timeColumn("Loaded", "loadedAt"),
                 numberColumn("Connections", "connections"), joinedColumn("Accounts", "accounts"),
                 joinedColumn("Extensions", "extensions")});
  return kOk;
}

int pluginGenerations(const Client& client, Output& output, const Arguments&) {
  output.list(
      client.get("/v1/generations"),
      {textColumn("PLUGIN", "plugin"), numberColumn("GENERATION", "generation"), textColumn("VERSION", "version"),
       textColumn("STATE", "state"), numberColumn("CONNECTIONS", "connections"), timeColumn("LOADED", "loadedAt"),
       sentenceColumn("FILE", "file")},
      "No plugin is loaded.");
  return kOk;
}

namespace {

constexpr uint64_t kUsualTimeoutMs = 30'000;
constexpr std::chrono::milliseconds kWatchPeriod{200};

std::string generationOf(const Json& reload, const char* side) {
  const Json& what = reload.at(side);
  return numberOf(what, "generation") + " (version " + textOf(what, "version") + ")";
}

/// One line for each step, and one for each look at a migration.
std::string progressOf(const Json& reload) {
  const std::string step = textOf(reload, "step");
  if (step != "migrating" && step != "rollingBack") return step + " ...";
  return step + ": " + numberOf(reload, "moved") + " of " + numberOf(reload, "connections") + " connections moved";
}

Json waitForReload(const Client& client, Output& output, Json reload) {
  const std::string path = "/v1/reloads/" + numberOf(reload, "id") + "?waitMs=500";
  std::string said;
  while (reload.at("outcome").is_null()) {
    const std::string progress = progressOf(reload);
    if (!output.isJson() && progress != said) output.warn(progress);
    said = progress;
    reload = client.get(path);
  }
  return reload;
}

std::string summaryOf(const Json& reload) {
  std::string text = textOf(reload, "plugin") + ": generation " + generationOf(reload, "to") + " in place of " +
                     generationOf(reload, "from") + ", " + numberOf(reload, "moved") + " of " +
                     numberOf(reload, "connections") + " connections moved in " + numberOf(reload, "tookMs") +
                     " ms, a loop busy with it for " + numberOf(reload, "pauseP99Us") + " us at a time (p99)";
  const std::string former = textOf(reload, "former");
  if (former == "serving") text += "; the old generation serves those that stayed";
  if (former == "leaked") text += "; the old library is still in memory (leaked)";
  return text + ".";
}

std::string reasonsOf(const Json& reload) {
  std::string text;
  for (const auto& [why, count] : reload.at("reasons").items())
    text += (text.empty() ? "" : "; ") + count.dump() + ": " + sanitized(why);
  return text;
}

int exitOf(const std::string& outcome) {
  if (outcome == "refused") return kReloadRefused;
  if (outcome == "rolledBack") return kRolledBack;
  return outcome == "partial" ? kPartial : kOk;
}

/// The exit code says how it ended.
int concluded(Output& output, const Json& reload) {
  const std::string outcome = reload.at("outcome").get<std::string>();
  if (output.isJson()) {
    output.done(reload, {});
    return exitOf(outcome);
  }
  const std::string plugin = textOf(reload, "plugin");
  if (outcome == "refused")
    throw CliError(kReloadRefused, plugin + ": refused: " + sentenceOf(reload, "why"), "the old generation serves on");
  if (outcome == "rolledBack") {
    const std::string reasons = reasonsOf(reload);
    throw CliError(kRolledBack, plugin + ": rolled back: " + sentenceOf(reload, "why") +
                                    (reasons.empty() ? "" : " (" + reasons + ")"));
  }
  if (outcome == "checked") {
    output.done(reload, plugin + ": version " + textOf(reload.at("to"), "version") + " passed the probe.");
    return kOk;
  }
  output.done(reload, summaryOf(reload));
  if (outcome != "partial") return kOk;
  const uint64_t stayed = reload.at("stayed").get<uint64_t>() + reload.at("failed").get<uint64_t>();
  output.warn(std::to_string(stayed) + " connections stayed on the old generation: " + reasonsOf(reload));
  return kPartial;
}

int beginReload(const Client& client, Output& output, const Arguments& arguments, const char* verb, Json order) {
  order["canary"] = arguments.canary;
  if (arguments.canaryMs > 0) order["canaryMs"] = arguments.canaryMs;
  order["drainOldestMs"] = arguments.drainOldestMs;
  order["timeoutMs"] = std::max<uint64_t>(kUsualTimeoutMs, static_cast<uint64_t>(client.timeout().count()));
  const Json begun = client.post("/v1/plugins/" + encoded(arguments.id) + "/" + verb, order);
  if (!arguments.noWait) return concluded(output, waitForReload(client, output, begun));
  output.done(begun, sanitized(arguments.id) + ": reload " + numberOf(begun, "id"));
  return kOk;
}

}  // namespace

namespace {

/// The gateway may run elsewhere than this shell.
std::string absolute(const std::string& file) { return std::filesystem::absolute(file).lexically_normal().string(); }

Json inspected(const Client& client, const std::string& file) {
  return client.post("/v1/plugin-files", Json{{"file", file}});
}

}  // namespace

int pluginInspect(const Client& client, Output& output, const Arguments& arguments) {
  output.record(inspected(client, absolute(arguments.id)),
                {sentenceColumn("File", "file"), textColumn("Plugin", "plugin"), textColumn("Version", "version"),
                 textColumn("SDK", "sdkVersion"), numberColumn("ABI", "abi")});
  return kOk;
}

int pluginVerify(const Client& client, Output& output, const Arguments& arguments) {
  Arguments order = arguments;
  const std::string file = absolute(arguments.id);
  order.id = inspected(client, file).at("plugin").get<std::string>();
  return beginReload(client, output, order, "reload", Json{{"file", file}, {"dryRun", 1}});
}

// For whoever writes it: a build replaces the file, and the next line typed meets the new code.
int pluginWatch(const Client& client, Output& output, const Arguments& arguments) {
  const std::string file = absolute(arguments.id);
  Arguments order = arguments;
  order.id = inspected(client, file).at("plugin").get<std::string>();
  output.warn("watching " + file + " for " + order.id);
  struct stat seen {};
  if (::stat(file.c_str(), &seen) != 0) throw CliError(kNotFound, file + " is not there");
  while (true) {
    std::this_thread::sleep_for(kWatchPeriod);
    struct stat now {};
    const auto isSame = [](const struct stat& a, const struct stat& b) {
      return a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_size == b.st_size &&
             a.st_ino == b.st_ino;
    };
    if (::stat(file.c_str(), &now) != 0 || isSame(now, seen)) continue;
    // A linker writes for a while: only a file that rests is whole.
    std::this_thread::sleep_for(kWatchPeriod);
    struct stat later {};
    if (::stat(file.c_str(), &later) != 0 || !isSame(now, later)) continue;
    seen = now;
    try {
      beginReload(client, output, order, "reload", Json{{"file", file}, {"dryRun", 0}});
    } catch (const CliError& problem) {
      output.warn(problem.what());
      if (problem.exit == kUnreachable) throw;
    }
  }
}

int pluginReload(const Client& client, Output& output, const Arguments& arguments) {
  return beginReload(client, output, arguments, "reload",
                     Json{{"file", arguments.file}, {"dryRun", arguments.dryRun ? 1 : 0}});
}

int pluginRollback(const Client& client, Output& output, const Arguments& arguments) {
  return beginReload(client, output, arguments, "rollback", Json::object());
}

}  // namespace gw::cli
