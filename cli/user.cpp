// gwctl user: accounts of people.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int userList(const Client& client, Output& output, const Arguments& arguments) {
  output.list(client.get("/v1/users?limit=" + std::to_string(arguments.limit)),
              {textColumn("USER", "name"), textColumn("ID", "id"), numberColumn("LOCKED", "locked"),
               numberColumn("SESSIONS", "sessions"), timeColumn("CREATED", "createdAt"),
               timeColumn("LAST LOGIN", "lastLoginAt")},
              "No users.");
  return kOk;
}

int userUnlock(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.post("/v1/users/" + encoded(arguments.id) + "/unlock");
  output.done(answer, textOf(answer, "name") + " may log in.");
  return kOk;
}

}  // namespace gw::cli
