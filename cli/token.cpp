// gwctl token: API tokens for the admin API on TCP.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int tokenList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/tokens"),
              {textColumn("NAME", "name"), textColumn("ID", "id"), textColumn("ROLE", "role"),
               timeColumn("CREATED", "createdAt"), timeColumn("LAST USED", "lastUsedAt")},
              "No API tokens.");
  return kOk;
}

int tokenCreate(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.post("/v1/tokens", {{"name", arguments.id}, {"role", arguments.role}});
  // The secret alone on stdout, so that "> FILE" makes a token file.
  output.done(answer, answer.value("token", ""));
  if (!output.isJson()) {
    output.warn("this is shown once; keep it in a file that only you can read (umask 077)");
  }
  return kOk;
}

int tokenRevoke(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.del("/v1/tokens/" + encoded(arguments.id)), "Revoked.");
  return kOk;
}

}  // namespace gw::cli
