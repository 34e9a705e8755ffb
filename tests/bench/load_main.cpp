// gw_load: runs one row of the table against a gateway and a ceiling that run already. scripts/bench.sh starts both.
// Exit: 0 measured, nothing lost; 1 something was lost, doubled or refused; 2 wrong arguments.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "rows.h"

int main(int argc, char** argv) {
  CLI::App app{"Load generator: gw_load ROW --gateway-http PORT --gateway-pid PID ..."};
  std::string name;
  gw::bench::RowOptions options;
  options.gateway.name = "gateway";
  options.ceiling.name = "ceiling";
  app.add_option("row", name, "one of: " + gw::bench::rowNames())->required();
  app.add_option("--gateway-http", options.gateway.httpPort)->required();
  app.add_option("--gateway-telnet", options.gateway.telnetPort)->required();
  app.add_option("--gateway-pid", options.gateway.pid)->required();
  app.add_option("--ceiling-http", options.ceiling.httpPort);
  app.add_option("--ceiling-telnet", options.ceiling.telnetPort);
  app.add_option("--ceiling-pid", options.ceiling.pid);
  app.add_option("--clients", options.clients, "instead of the row's own number");
  app.add_option("--rounds", options.rounds, "instead of the row's own number");
  app.add_option("--seconds", options.seconds, "of one round, instead of the row's own");
  CLI11_PARSE(app, argc, argv);
  const gw::bench::Row* row = gw::bench::findRow(name);
  if (!row) {
    std::fprintf(stderr, "gw_load: no row \"%s\"; there are: %s\n", name.c_str(), gw::bench::rowNames().c_str());
    return 2;
  }
  options.gatewayOnly = options.ceiling.httpPort == 0;
  try {
    return row->run(*row, options) ? 0 : 1;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "gw_load: %s: %s\n", row->name, problem.what());
    return 1;
  }
}
