// gwctl plugin: what was found, loaded and refused.

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {

int pluginList(const Client& client, Output& output, const Arguments&) {
  output.list(client.get("/v1/plugins"),
              {textColumn("PLUGIN", "id"), textColumn("VERSION", "version"), textColumn("STATE", "state"),
               numberColumn("GENERATION", "generation"), numberColumn("CONNECTIONS", "connections"),
               joinedColumn("ACCOUNTS", "accounts"), sentenceColumn("REASON", "reason")},
              "No plugins were found; see plugins.dirs in the configuration.");
  return kOk;
}

int pluginShow(const Client& client, Output& output, const Arguments& arguments) {
  output.record(client.get("/v1/plugins/" + encoded(arguments.id)),
                {textColumn("Plugin", "id"), sentenceColumn("Name", "name"), sentenceColumn("Vendor", "vendor"),
                 textColumn("Version", "version"), sentenceColumn("License", "license"), sentenceColumn("File", "file"),
                 textColumn("SHA-256", "sha256"), textColumn("State", "state"), sentenceColumn("Reason", "reason"),
                 numberColumn("Generation", "generation"), timeColumn("Loaded", "loadedAt"),
                 numberColumn("Connections", "connections"), joinedColumn("Accounts", "accounts"),
                 joinedColumn("Extensions", "extensions")});
  return kOk;
}

}  // namespace gw::cli
