// gwctl status, health, version, shutdown: the gateway as a whole.

#include "cli_error.h"
#include "commands.h"
#include "text.h"

namespace gw::cli {
namespace {

const std::vector<Column>& accountColumns() {
  static const std::vector<Column> columns{textColumn("CHANNEL", "id"),
                                           textColumn("STATE", "state"),
                                           textColumn("HEALTH", "health"),
                                           numberColumn("CONNECTIONS", "connections"),
                                           timeColumn("LAST ACTIVITY", "lastActivityAt"),
                                           firstColumn("ADDRESS", "addresses"),
                                           sentenceColumn("LAST ERROR", "lastError")};
  return columns;
}

/// The worst problem, since when, and what to type next; or that all is well.
std::string headline(const Json& health) {
  const std::string level = health.value("status", "unknown");
  const Json problems = health.value("problems", Json::array());
  if (problems.empty()) return level + ": all is well, up " + formatUptime(health.value("uptimeMs", uint64_t{0}));
  const Json& worst = problems[0];
  std::string line = level + ": " + sentenceOf(worst, "summary");
  if (timeOf(worst, "sinceAt") != "-") line += ", since " + timeOf(worst, "sinceAt");
  if (sentenceOf(worst, "nextCommand") != "-") line += "; next: " + sentenceOf(worst, "nextCommand");
  return line;
}

void printOtherProblems(const Json& health, Output& output) {
  const Json problems = health.value("problems", Json::array());
  for (size_t i = 1; i < problems.size(); ++i) {
    output.line("  also: " + sentenceOf(problems[i], "summary") + ", since " + timeOf(problems[i], "sinceAt"));
  }
}

std::string memoryText(const Json& health) {
  const Json memory = health.value("memory", Json::object());
  std::string text = formatBytes(memory.value("countedBytes", uint64_t{0}));
  const auto limit = memory.value("limitBytes", uint64_t{0});
  if (limit > 0) text += " of " + formatBytes(limit);
  return text + " counted, " + formatBytes(memory.value("residentBytes", uint64_t{0})) + " resident";
}

/// By which limit how often, since the start.
std::string refusedText(const Json& refused) {
  std::string text;
  for (const auto& [limit, count] : refused.items()) {
    if (count.is_number_unsigned() && count.get<uint64_t>() > 0)
      text += (text.empty() ? "" : ", ") + numberOf(refused, limit.c_str()) + " by " + limit;
  }
  return text.empty() ? "nobody" : text;
}

std::string upText(const Json& health, const char* part) {
  const Json facts = health.value(part, Json::object());
  const std::string detail = sentenceOf(facts, "detail");
  return std::string(facts.value("up", false) ? "up" : "DOWN") + (detail == "-" ? "" : " (" + detail + ")");
}

void printHealth(const Json& health, Output& output) {
  output.line(headline(health));
  printOtherProblems(health, output);
  output.line("");
  output.list({{"items", health.value("accounts", Json::array())}}, accountColumns(), "No channel accounts.");
  output.line("");
}

}  // namespace

int status(const Client& client, Output& output, const Arguments&) {
  const Json answer = client.get("/v1/status");
  if (output.isJson()) {
    output.done(answer, "");
    return kOk;
  }
  const Json health = answer.value("health", Json::object());
  printHealth(health, output);
  const Json plan = answer.value("shutdown", Json::object());
  if (plan.value("pending", false)) {
    output.line("SHUTDOWN at " + timeOf(plan, "startsAt") + ": " + sentenceOf(plan, "message") +
                " (gwctl shutdown --cancel)");
  }
  const Json sessions = answer.value("sessions", Json::object());
  output.record(answer,
                {textColumn("Gateway", "gatewayId"),
                 {"Version", [](const Json& a) { return textOf(a.value("version", Json::object()), "version"); }},
                 numberColumn("Process", "pid"),
                 timeColumn("Started", "startedAt"),
                 sentenceColumn("Config", "configFile"),
                 {"Sessions",
                  [&](const Json&) {
                    return numberOf(sessions, "playing") + " playing, " + numberOf(sessions, "disconnected") +
                           " disconnected, " + numberOf(sessions, "other") + " logging in";
                  }},
                 numberColumn("Users", "usersOnline"),
                 {"Connections", [&](const Json&) { return numberOf(health, "connections"); }},
                 {"Store", [&](const Json& a) { return upText(health, "store") + ", " + textOf(a, "durability"); }},
                 {"Backend", [&](const Json&) { return upText(health, "backend"); }},
                 {"Loops",
                  [&](const Json&) {
                    return std::to_string(health.value("loops", Json::array()).size()) + ", worst lag " +
                           numberOf(health, "loopLagMs") + " ms";
                  }},
                 {"Memory", [&](const Json&) { return memoryText(health); }},
                 {"Refused", [](const Json& a) { return refusedText(a.value("refused", Json::object())); }}});
  return kOk;
}

int health(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.get("/v1/health");
  if (output.isJson()) {
    output.done(answer, "");
  } else {
    printHealth(answer, output);
    output.record(answer, {{"Store", [](const Json& a) { return upText(a, "store"); }},
                           {"Backend", [](const Json& a) { return upText(a, "backend"); }},
                           numberColumn("Loop lag, ms", "loopLagMs"),
                           {"Memory", memoryText},
                           timeColumn("Checked", "timestampAt")});
  }
  const std::string level = answer.value("status", "unhealthy");
  const bool isFine = level == "healthy" || (level == "degraded" && !arguments.strict);
  return isFine ? kOk : kUnhealthy;
}

int version(const Client& client, Output& output, const Arguments&) {
  output.record(client.get("/v1/version"),
                {textColumn("gwhost", "version"), textColumn("Commit", "commit"), textColumn("Build", "buildType"),
                 sentenceColumn("Compiler", "compiler"), numberColumn("Plugin ABI", "pluginAbi"),
                 numberColumn("Admin API", "apiVersion")});
  return kOk;
}

int shutdown(const Client& client, Output& output, const Arguments& arguments) {
  if (arguments.cancel) {
    output.done(client.del("/v1/shutdown"), "The shutdown is cancelled.");
    return kOk;
  }
  const Json answer = client.post("/v1/shutdown", {{"inMs", arguments.inMs}, {"message", arguments.text}});
  output.done(answer, arguments.inMs == 0 ? "The gateway is stopping."
                                          : "The gateway will stop at " + timeOf(answer, "startsAt") +
                                                "; cancel: gwctl shutdown --cancel");
  return kOk;
}

int metrics(const Client& client, Output& output, const Arguments&) {
  std::string text = client.getText("/v1/metrics");
  while (text.ends_with('\n')) text.pop_back();
  output.done({{"text", text}}, text);
  return kOk;
}

}  // namespace gw::cli
