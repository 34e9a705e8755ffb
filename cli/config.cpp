// gwctl config: the configuration in force, and the next one.

#include <fstream>
#include <sstream>

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int configGet(const Client& client, Output& output, const Arguments&) {
  const Json answer = client.get("/v1/config");
  output.done(answer, answer.dump(2, ' ', true, Json::error_handler_t::replace));
  return kOk;
}

int configValidate(const Client& client, Output& output, const Arguments& arguments) {
  std::ifstream file(arguments.id);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) throw CliError(kUsage, "cannot read " + arguments.id);
  output.done(client.post("/v1/config/validate", {{"text", text.str()}, {"name", arguments.id}}),
              arguments.id + " is valid.");
  return kOk;
}

int configReload(const Client& client, Output& output, const Arguments&) {
  const Json answer = client.post("/v1/config/reload");
  if (output.isJson()) {
    output.done(answer, "");
    return kOk;
  }
  output.line("Applied: " + joinedOf(answer, "applied"));
  output.line("Waits for a restart: " + joinedOf(answer, "needRestart"));
  return kOk;
}

}  // namespace gw::cli
