#include "operation.h"

#include "cli_error.h"

namespace gw::cli {

Json waitForOperation(const Client& client, const Json& begun, const std::string& next) {
  const std::string id = begun.value("id", "");
  const auto deadline = std::chrono::steady_clock::now() + client.timeout();
  Json operation = begun;
  while (operation.value("state", "") == "running") {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw CliError(kTimeout,
                     operation.value("verb", "") + " of " + operation.value("target", "") + " is still running", next);
    }
    operation = client.get("/v1/operations/" + encoded(id) + "?waitMs=1000");
  }
  return operation;
}

}  // namespace gw::cli
