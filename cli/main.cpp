// gwctl: operates a gateway over its admin API. It shares no code with the host: the API is the contract.

#include <csignal>
#include <iostream>

#include "cli_error.h"
#include "command_line.h"
#include "text.h"

namespace {

using namespace gw::cli;

int report(const CliError& error, bool json) {
  if (json) {
    Json body{{"code", error.code.empty() ? "GWCTL" : error.code}, {"message", error.what()}};
    if (!error.hint.empty()) body["hint"] = error.hint;
    std::cout << Json{{"error", body}}.dump(2, ' ', true, Json::error_handler_t::replace) << '\n';
  }
  std::cerr << "gwctl: " << sentence(error.what()) << '\n';
  if (!error.hint.empty()) std::cerr << "  next: " << sentence(error.hint) << '\n';
  return error.exit;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a gateway that stops while we write is an error to report
  const CommandLine line = parseCommandLine(argc, argv);
  if (line.command == nullptr) return line.exitCode;
  try {
    const Client client(line.isLocal ? Endpoint{} : findEndpoint(line.endpoint), line.timeout);
    Output output(std::cout, std::cerr, line.json);
    return line.command(client, output, line.arguments);
  } catch (const CliError& e) {
    return report(e, line.json);
  } catch (const std::exception& e) {
    return report(CliError(kFailure, e.what()), line.json);
  }
}
