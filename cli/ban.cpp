// gwctl ban: addresses and users that may not enter.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int banList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/bans"),
              {textColumn("BAN", "id"), textColumn("KIND", "kind"), textColumn("VALUE", "value"),
               textColumn("REASON", "reason"), timeColumn("CREATED", "createdAt"), timeColumn("EXPIRES", "expiresAt")},
              "No bans.");
  return kOk;
}

int banAdd(const Client& client, Output& output, const Arguments& arguments) {
  Json body{{"kind", arguments.kind}, {"value", arguments.id}, {"reason", arguments.reason}};
  if (arguments.forMs > 0) body["durationMs"] = arguments.forMs;
  const Json answer = client.post("/v1/bans", body);
  const std::string until = timeOf(answer, "expiresAt");
  output.done(answer, "Banned " + textOf(answer, "value") + (until == "-" ? " for good" : " until " + until) +
                          "; lift it: gwctl ban remove " + textOf(answer, "id"));
  return kOk;
}

int banRemove(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.del("/v1/bans/" + encoded(arguments.id)), "The ban is lifted.");
  return kOk;
}

}  // namespace gw::cli
