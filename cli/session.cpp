// gwctl session: visits of clients, connected or not.

#include "cli_error.h"
#include "commands.h"
#include "text.h"

namespace gw::cli {
namespace {

std::string pathOf(const Arguments& arguments, const char* verb = "") {
  return "/v1/sessions/" + encoded(arguments.id) + verb;
}

}  // namespace

int sessionList(const Client& client, Output& output, const Arguments& arguments) {
  std::string path = "/v1/sessions?limit=" + std::to_string(arguments.limit);
  if (!arguments.state.empty()) path += "&state=" + encoded(arguments.state);
  if (!arguments.user.empty()) path += "&user=" + encoded(arguments.user);
  if (!arguments.channel.empty()) path += "&protocol=" + encoded(arguments.channel);
  output.list(client.get(path),
              {textColumn("SESSION", "id"), textColumn("STATE", "state"), textColumn("USER", "userName"),
               textColumn("CHARACTER", "entityName"), textColumn("CHANNEL", "protocol"),
               numberColumn("CONNECTIONS", "connectionCount"), textColumn("ADDRESS", "clientAddress"),
               timeColumn("CREATED", "createdAt"), timeColumn("LAST ACTIVITY", "lastActivityAt")},
              "No sessions.");
  return kOk;
}

int sessionShow(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.get(pathOf(arguments));
  output.record(
      answer,
      {textColumn("Session", "id"), textColumn("State", "state"), textColumn("User", "userName"),
       textColumn("User id", "userId"), textColumn("Character", "entityName"), textColumn("Character id", "entityId"),
       textColumn("Backend", "backend"), textColumn("Channel", "protocol"), textColumn("Address", "clientAddress"),
       numberColumn("Loop", "loop"), timeColumn("Created", "createdAt"), timeColumn("Last activity", "lastActivityAt"),
       timeColumn("Expires", "expiresAt"), numberColumn("Epoch", "epoch"), numberColumn("Last seq", "lastSeq"),
       numberColumn("Log events", "logEvents"), numberColumn("Log bytes", "logBytes"), joinedColumn("Rooms", "rooms")});
  if (output.isJson()) return kOk;
  output.line("");
  output.list({{"items", answer.value("connections", Json::array())}},
              {textColumn("CONNECTION", "id"), textColumn("ACCOUNT", "account"), textColumn("PEER", "peer"),
               timeColumn("OPENED", "openedAt"), numberColumn("QUEUED BYTES", "queuedBytes")},
              "No connections.");
  return kOk;
}

int sessionSend(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.post(pathOf(arguments, "/send"), {{"text", arguments.text}}), "Sent.");
  return kOk;
}

int sessionDisconnect(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.post(pathOf(arguments, "/disconnect"), {{"reason", arguments.reason}}),
              "Disconnected; the session can be resumed.");
  return kOk;
}

int sessionClose(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.post(pathOf(arguments, "/close"), {{"reason", arguments.reason}}),
              "Closed; the session cannot be resumed.");
  return kOk;
}

}  // namespace gw::cli
