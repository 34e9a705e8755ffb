// gwctl connection: live streams of clients.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int connectionList(const Client& client, Output& output, const Arguments& arguments) {
  std::string path = "/v1/connections?limit=" + std::to_string(arguments.limit);
  if (!arguments.account.empty()) path += "&account=" + encoded(arguments.account);
  if (!arguments.session.empty()) path += "&session=" + encoded(arguments.session);
  output.list(client.get(path),
              {textColumn("CONNECTION", "id"), textColumn("ACCOUNT", "account"), textColumn("USER", "userName"),
               textColumn("SESSION", "sessionId"), textColumn("PEER", "peer"), numberColumn("TLS", "tls"),
               numberColumn("QUEUED BYTES", "queuedBytes"), timeColumn("OPENED", "openedAt"),
               timeColumn("LAST ACTIVITY", "lastActivityAt")},
              "No connections.");
  return kOk;
}

int connectionShow(const Client& client, Output& output, const Arguments& arguments) {
  output.record(client.get("/v1/connections/" + encoded(arguments.id)),
                {textColumn("Connection", "id"), textColumn("Account", "account"), textColumn("Protocol", "protocol"),
                 textColumn("Session", "sessionId"), textColumn("User", "userName"), textColumn("Peer", "peer"),
                 numberColumn("TLS", "tls"), numberColumn("Loop", "loop"), numberColumn("Generation", "generation"),
                 timeColumn("Opened", "openedAt"), timeColumn("Last activity", "lastActivityAt"),
                 numberColumn("Bytes in", "inBytes"), numberColumn("Bytes out", "outBytes"),
                 numberColumn("Bytes queued", "queuedBytes"), textColumn("Client", "client"),
                 textColumn("Device", "device"), numberColumn("Healthy", "healthy")});
  return kOk;
}

int connectionClose(const Client& client, Output& output, const Arguments& arguments) {
  output.done(client.post("/v1/connections/" + encoded(arguments.id) + "/close", {{"reason", arguments.reason}}),
              "Closed; other connections of its session go on.");
  return kOk;
}

}  // namespace gw::cli
