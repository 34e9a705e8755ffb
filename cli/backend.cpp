// gwctl backend: who answers the players' commands.

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "cli_error.h"
#include "commands.h"
#include "text.h"

namespace gw::cli {
namespace {

constexpr auto kPollEach = std::chrono::milliseconds(500);  // the pace of what is looked at again and again

std::string path(const Arguments& arguments, const char* rest = "") {
  return "/v1/backends/" + encoded(arguments.id) + rest;
}

std::string readTextFile(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw CliError(kUsage, "cannot read " + file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// "3 within 1 ms, 1 within 25 ms"
std::string latencyOf(const Json& backend) {
  std::string out;
  const auto buckets = backend.find("latency");
  if (buckets == backend.end()) return "-";
  for (const Json& bucket : *buckets) {
    if (bucket.value("calls", 0) == 0) continue;
    const Json& bound = bucket.at("upToMs");
    out += (out.empty() ? "" : ", ") + numberOf(bucket, "calls") +
           (bound.is_null() ? " later" : " within " + numberOf(bucket, "upToMs") + " ms");
  }
  return out.empty() ? "-" : out;
}

const std::vector<Column>& connectionColumns() {
  static const std::vector<Column> columns{
      textColumn("CONNECTION", "id"),         textColumn("CLIENT", "client"),
      textColumn("INSTANCE", "instance"),     numberColumn("SESSIONS", "sessions"),
      numberColumn("QUEUED", "queuedFrames"), numberColumn("CALLS", "callsUnderWay"),
      numberColumn("FRAMES IN", "framesIn"),  numberColumn("DRAINING", "draining"),
      timeColumn("SINCE", "connectedAt")};
  return columns;
}

}  // namespace

int backendList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/backends"),
              {textColumn("NAME", "name"), sentenceColumn("KIND", "kind"), sentenceColumn("STATE", "state"),
               numberColumn("SESSIONS", "sessions"), numberColumn("WAITING", "waitingSessions"),
               numberColumn("RECONNECTS", "reconnects"), timeColumn("SINCE", "sinceAt")},
              "No backends.");
  return kOk;
}

int backendShow(const Client& client, Output& output, const Arguments& arguments) {
  const Json backend = client.get(path(arguments));
  output.record(backend, {textColumn("Name", "name"),
                          sentenceColumn("Kind", "kind"),
                          sentenceColumn("State", "state"),
                          timeColumn("Since", "sinceAt"),
                          textColumn("Why", "why"),
                          numberColumn("Connects", "connects"),
                          numberColumn("Reconnects", "reconnects"),
                          numberColumn("Refused connects", "refusedConnects"),
                          numberColumn("Sessions", "sessions"),
                          numberColumn("Sessions waiting for it", "waitingSessions"),
                          numberColumn("Commands given", "commands"),
                          numberColumn("Commands held back", "commandsHeld"),
                          numberColumn("Calls", "calls"),
                          numberColumn("Calls refused", "callsFailed"),
                          numberColumn("Calls timed out", "callsTimedOut"),
                          numberColumn("Calls cut off", "callsLost"),
                          numberColumn("Late answers", "lateAnswers"),
                          {"Answered", latencyOf},
                          numberColumn("Frames taken", "outputs"),
                          numberColumn("Frames ahead", "conflicts"),
                          numberColumn("Frames refused", "refusedFrames")});
  if (!output.isJson() && backend.contains("connections"))
    output.list({{"items", backend.at("connections")}}, connectionColumns(), "No connections.");
  return kOk;
}

int backendDisconnect(const Client& client, Output& output, const Arguments& arguments) {
  Json body = Json::object();
  if (!arguments.text.empty()) body["connection"] = arguments.text;
  output.done(client.post(path(arguments, "/disconnect"), body), "Disconnected. It may come back at once.");
  return kOk;
}

int backendDrain(const Client& client, Output& output, const Arguments& arguments) {
  Json body{{"connection", arguments.text}};
  if (arguments.graceMs) body["graceMs"] = *arguments.graceMs;
  output.done(client.post(path(arguments, "/drain"), body),
              "It was told. Its sessions went to the backend's other connections, if there are any.");
  return kOk;
}

int backendTrace(const Client& client, Output& output, const Arguments& arguments) {
  uint64_t after = 0;
  while (true) {
    const Json answer = client.get(path(arguments, "/trace") + "?after=" + std::to_string(after));
    for (const Json& line : answer.at("items")) {
      after = line.at("number").get<uint64_t>();
      output.done(line, timeOf(line, "at") + " " + numberOf(line, "connection") +
                            (line.value("from", "") == "gateway" ? " <- " : " -> ") + textOf(line, "what") +
                            (line.at("session").is_null() ? "" : " " + textOf(line, "session")) +
                            (line.at("count").is_null() ? "" : " #" + numberOf(line, "count")) + ", " +
                            numberOf(line, "bytes") + " bytes");
    }
    if (arguments.noWait) return kOk;
    std::this_thread::sleep_for(kPollEach);
  }
}

int backendSimulate(const Client& client, Output& output, const Arguments& arguments) {
  Json body{{"players", arguments.players}, {"linesPerMinute", arguments.linesPerMinute}};
  if (arguments.forMs != 0) body["forMs"] = arguments.forMs;
  if (!arguments.file.empty()) body["lines"] = readTextFile(arguments.file);
  Json report = client.post(path(arguments, "/simulation"), body);
  while (report.value("running", false)) {
    std::this_thread::sleep_for(kPollEach);
    report = client.get(path(arguments, "/simulation"));
  }
  output.record(
      report,
      {numberColumn("Players", "players"), numberColumn("Came in", "entered"), numberColumn("Refused", "refused"),
       textColumn("Because", "refusal"), numberColumn("Lines typed", "lines"), numberColumn("Lines held back", "held"),
       numberColumn("Lines carried out", "acknowledged"), numberColumn("Frames that came", "frames"),
       numberColumn("Frames that came again", "repeated"), numberColumn("Frames ahead", "ahead"),
       numberColumn("To the first frame, p50 (us)", "p50Us"), numberColumn("To the first frame, p99 (us)", "p99Us")});
  return report.value("entered", 0) > 0 ? kOk : kFailure;
}

int backendTokenList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/backend-tokens"),
              {textColumn("BACKEND", "name"), numberColumn("BROADCAST", "broadcast"),
               numberColumn("RAW TERMINAL", "rawTerminal"), timeColumn("CREATED", "createdAt")},
              "No backend tokens.");
  return kOk;
}

int backendTokenCreate(const Client& client, Output& output, const Arguments& arguments) {
  Json body{{"name", arguments.id}};
  if (arguments.mayBroadcast) body["broadcast"] = 1;
  if (arguments.mayUseRawTerminal) body["rawTerminal"] = 1;
  const Json answer = client.post("/v1/backend-tokens", body);
  output.done(answer, answer.value("token", ""));
  if (!output.isJson()) output.warn("this is shown once; keep it in a file that only you can read (umask 077)");
  return kOk;
}

int backendTokenRevoke(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.del("/v1/backend-tokens/" + encoded(arguments.id)), "Revoked. Its connections are closed.");
  return kOk;
}

}  // namespace gw::cli
