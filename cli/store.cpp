// gwctl store: the database.

#include <Poco/Exception.h>
#include <Poco/Pipe.h>
#include <Poco/PipeStream.h>
#include <Poco/Process.h>

#include <filesystem>
#include <iterator>

#include "cli_error.h"
#include "commands.h"
#include "operation.h"
#include "text.h"

namespace gw::cli {
namespace {

std::string bytesOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? formatBytes(it->get<uint64_t>()) : "-";
}

Json finished(const Client& client, const Json& begun) {
  Json operation = waitForOperation(client, begun, "it goes on; a longer wait: --timeout 10m");
  if (operation.value("state", "") == "failed") throw CliError(kFailure, sentenceOf(operation, "error"));
  return operation;
}

/// gwhost lies beside gwctl.
std::string hostProgram() {
  std::error_code ignored;
  return (std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "gwhost").string();
}

/// What gwhost said on standard output; its complaints go to ours.
Json migrateByHost(const std::string& configFile) {
  try {
    Poco::Pipe out;
    const auto process =
        Poco::Process::launch(hostProgram(), {"--migrate", "--config", configFile}, nullptr, &out, nullptr);
    Poco::PipeInputStream in(out);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const int code = process.wait();
    if (code == kInvalidConfig) throw CliError(kInvalidConfig, configFile + " is not valid; see above");
    if (code != 0) throw CliError(kFailure, "the store was not migrated; see above");
    return Json::parse(text);
  } catch (const Poco::Exception& e) {
    throw CliError(kFailure, "cannot run " + hostProgram() + ": " + e.displayText());
  }
}

void printSchema(Output& output, const Json& store) {
  output.done(store, sentenceOf(store, "place") + ": the schema is version " + numberOf(store, "schemaVersion") +
                         ", the latest that this gateway knows.");
}

}  // namespace

int storeStatus(const Client& client, Output& output, const Arguments&) {
  output.record(client.get("/v1/store"), {textColumn("Driver", "driver"),
                                          sentenceColumn("Place", "place"),
                                          numberColumn("Schema version", "schemaVersion"),
                                          {"Size", [](const Json& store) { return bytesOf(store, "bytes"); }},
                                          numberColumn("Sessions", "sessions"),
                                          numberColumn("Up", "up"),
                                          timeColumn("Down since", "downSinceAt"),
                                          numberColumn("Writes waiting", "queued"),
                                          numberColumn("Writes done", "jobs"),
                                          numberColumn("Commits", "commits"),
                                          numberColumn("Retries", "retries"),
                                          numberColumn("Refused", "refused"),
                                          sentenceColumn("Last error", "lastError"),
                                          sentenceColumn("Not known because", "factsError")});
  return kOk;
}

int storeMigrate(const Client& client, Output& output, const Arguments&) {
  const Json store = client.get("/v1/store");
  if (sentenceOf(store, "factsError") != "-") throw CliError(kFailure, sentenceOf(store, "factsError"));
  printSchema(output, store);
  return kOk;
}

int storeMigrateOffline(const Client&, Output& output, const Arguments& arguments) {
  printSchema(output, migrateByHost(arguments.text));
  return kOk;
}

int storeCheck(const Client& client, Output& output, const Arguments&) {
  output.done(finished(client, client.post("/v1/store/check")), "The store is sound.");
  return kOk;
}

int storeBackup(const Client& client, Output& output, const Arguments& arguments) {
  // The gateway runs in another folder.
  const std::string file = std::filesystem::absolute(arguments.id).lexically_normal().string();
  output.done(finished(client, client.post("/v1/store/backup", {{"file", file}})),
              "Written to " + sentence(file) + ". Keep it as closed as the store itself.");
  return kOk;
}

}  // namespace gw::cli
