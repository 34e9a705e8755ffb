// gwctl channel: channel accounts and their lifecycle.

#include "cli_error.h"
#include "commands.h"
#include "operation.h"
#include "text.h"

namespace gw::cli {
namespace {

int change(const Client& client, Output& output, const Arguments& arguments, const char* verb, const char* result) {
  Json operation = client.post("/v1/channels/" + encoded(arguments.id) + "/" + verb);
  if (!arguments.noWait) {
    operation = waitForOperation(client, operation, "look at it: gwctl channel show " + sanitized(arguments.id));
  }
  if (operation.value("state", "") == "failed") {
    throw CliError(kFailure, sanitized(arguments.id) + ": " + sentenceOf(operation, "error"),
                   "gwctl channel show " + sanitized(arguments.id));
  }
  output.done(operation,
              sanitized(arguments.id) + (arguments.noWait ? ": operation " + textOf(operation, "id") : result));
  return kOk;
}

/// "2 pending, 1 stuck, 40 answered": what is zero is left out, nothing at all is "-".
std::string workOf(const Json& channel) {
  const auto work = channel.find("work");
  if (work == channel.end() || !work->is_object()) return "-";
  std::string text;
  for (const char* figure : {"pending", "stuck", "answered", "overdue", "failed", "dropped", "refused"}) {
    if (work->value(figure, 0u) == 0) continue;
    text += (text.empty() ? "" : ", ") + numberOf(*work, figure) + " " + figure;
  }
  return text.empty() ? "-" : text;
}

}  // namespace

int channelList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/channels"),
              {textColumn("CHANNEL", "id"), textColumn("STATE", "state"), textColumn("HEALTH", "health"),
               numberColumn("CONNECTIONS", "connections"), numberColumn("GENERATION", "generation"),
               timeColumn("STARTED", "lastStartAt"), firstColumn("ADDRESS", "addresses"),
               sentenceColumn("LAST ERROR", "lastError")},
              "No channel accounts are configured.");
  return kOk;
}

int channelShow(const Client& client, Output& output, const Arguments& arguments) {
  output.record(
      client.get("/v1/channels/" + encoded(arguments.id)),
      {textColumn("Channel", "channelId"), textColumn("Account", "accountId"), numberColumn("Enabled", "enabled"),
       numberColumn("Running", "running"), textColumn("State", "state"), textColumn("Health", "health"),
       timeColumn("Last start", "lastStartAt"), timeColumn("Last stop", "lastStopAt"),
       sentenceColumn("Last error", "lastError"), timeColumn("Error at", "lastErrorAt"),
       timeColumn("Last activity", "lastActivityAt"), numberColumn("Connections", "connections"),
       numberColumn("Slow calls", "slowCallbacks"), numberColumn("Quarantined", "quarantined"),
       Column{"Blocking work", workOf}, textColumn("Plugin", "plugin"), textColumn("Plugin version", "pluginVersion"),
       numberColumn("Generation", "generation"), joinedColumn("Addresses", "addresses")});
  return kOk;
}

int channelStart(const Client& client, Output& output, const Arguments& arguments) {
  return change(client, output, arguments, "start", " is running.");
}

int channelStop(const Client& client, Output& output, const Arguments& arguments) {
  return change(client, output, arguments, "stop", " is stopped.");
}

}  // namespace gw::cli
