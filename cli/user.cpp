// gwctl user: accounts of people.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

namespace {

Column mutedColumn() {
  return {"MUTED", [](const Json& user) {
            const std::string until = timeOf(user, "mutedUntilAt");
            return !user.value("muted", false) ? "no" : until == "-" ? "yes" : "until " + until;
          }};
}

}  // namespace

int userList(const Client& client, Output& output, const Arguments& arguments) {
  output.list(client.get("/v1/users?limit=" + std::to_string(arguments.limit)),
              {textColumn("USER", "name"), textColumn("ID", "id"), numberColumn("LOCKED", "locked"), mutedColumn(),
               numberColumn("SESSIONS", "sessions"), timeColumn("CREATED", "createdAt"),
               timeColumn("LAST LOGIN", "lastLoginAt")},
              "No users.");
  return kOk;
}

int userLock(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.post("/v1/users/" + encoded(arguments.id) + "/lock", {{"reason", arguments.reason}});
  output.done(answer, textOf(answer, "name") + " is locked out; end it: gwctl user unlock " + textOf(answer, "name"));
  return kOk;
}

int userUnlock(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.post("/v1/users/" + encoded(arguments.id) + "/unlock");
  output.done(answer, textOf(answer, "name") + " may log in.");
  return kOk;
}

int userMute(const Client& client, Output& output, const Arguments& arguments) {
  Json body = Json::object();
  if (arguments.forMs > 0) body["durationMs"] = arguments.forMs;
  const Json answer = client.post("/v1/users/" + encoded(arguments.id) + "/mute", body);
  const std::string until = timeOf(answer, "mutedUntilAt");
  output.done(answer, textOf(answer, "name") + " is muted" + (until == "-" ? " for good" : " until " + until) +
                          "; end it: gwctl user unmute " + textOf(answer, "name"));
  return kOk;
}

int userUnmute(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.post("/v1/users/" + encoded(arguments.id) + "/unmute");
  output.done(answer, textOf(answer, "name") + " may talk.");
  return kOk;
}

}  // namespace gw::cli
