// gwctl plugin: other code below live connections.

#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "cli_error.h"
#include "commands.h"
#include "plugin_work.h"
#include "text.h"

namespace gw::cli {
namespace {

constexpr std::chrono::milliseconds kWatchPeriod{200};

std::string generationOf(const Json& reload, const char* side) {
  const Json& what = reload.at(side);
  return numberOf(what, "generation") + " (version " + textOf(what, "version") + ")";
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
  if (arguments.probeMs > 0) order["probeMs"] = arguments.probeMs;
  order["timeoutMs"] = patienceMs(client);
  const Json begun = client.post("/v1/plugins/" + encoded(arguments.id) + "/" + verb, order);
  if (!arguments.noWait) return concluded(output, waitForWork(client, output, begun));
  output.done(begun, sanitized(arguments.id) + ": reload " + numberOf(begun, "id"));
  return kOk;
}

Json inspected(const Client& client, const std::string& file) {
  return client.post("/v1/plugin-files", Json{{"file", file}});
}

bool isSame(const struct stat& a, const struct stat& b) {
  return a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_size == b.st_size &&
         a.st_ino == b.st_ino;
}

/// Waits until the file is another one than `seen` and rests: a linker writes for a while, and takes the old one away
/// first.
struct stat awaitOther(const std::string& file, const struct stat& seen) {
  struct stat before = seen;
  while (true) {
    std::this_thread::sleep_for(kWatchPeriod);
    struct stat now {};
    if (::stat(file.c_str(), &now) != 0) continue;
    if (!isSame(now, seen) && isSame(now, before)) return now;
    before = now;
  }
}

}  // namespace

int pluginInspect(const Client& client, Output& output, const Arguments& arguments) {
  output.record(inspected(client, absoluteFile(arguments.id)),
                {sentenceColumn("File", "file"), textColumn("Plugin", "plugin"), textColumn("Version", "version"),
                 textColumn("SDK", "sdkVersion"), numberColumn("ABI", "abi")});
  return kOk;
}

int pluginVerify(const Client& client, Output& output, const Arguments& arguments) {
  Arguments order = arguments;
  const std::string file = absoluteFile(arguments.id);
  order.id = inspected(client, file).at("plugin").get<std::string>();
  return beginReload(client, output, order, "reload", Json{{"file", file}, {"dryRun", 1}});
}

// For whoever writes it: a build replaces the file, and the next line typed meets the new code.
int pluginWatch(const Client& client, Output& output, const Arguments& arguments) {
  const std::string file = absoluteFile(arguments.id);
  Arguments order = arguments;
  order.id = inspected(client, file).at("plugin").get<std::string>();
  output.warn("watching " + file + " for " + order.id);
  struct stat seen {};
  if (::stat(file.c_str(), &seen) != 0) throw CliError(kNotFound, file + " is not there");
  for (std::string said;;) {
    const struct stat now = awaitOther(file, seen);
    try {
      beginReload(client, output, order, "reload", Json{{"file", file}, {"dryRun", 0}});
      seen = now;
      said.clear();
    } catch (const CliError& problem) {
      if (problem.what() != said) output.warn(said = problem.what());
      if (problem.exit == kUnreachable) throw;
      if (problem.exit != kConflict) seen = now;  // else once more: other work was under way
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
