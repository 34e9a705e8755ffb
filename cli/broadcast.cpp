// gwctl broadcast: a line to everyone, or to a room.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int broadcast(const Client& client, Output& output, const Arguments& arguments) {
  const Json answer = client.post("/v1/broadcast", {{"text", arguments.text}, {"room", arguments.room}});
  output.done(answer, "Sent.");
  return kOk;
}

}  // namespace gw::cli
