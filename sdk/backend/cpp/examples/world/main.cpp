// gw_example_world --url URL --token-file FILE --db FILE [--name NAME]: the Two Rooms.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "two_rooms.h"

int main(int argc, char** argv) try {
  gw::backend::Options options;
  options.name = "world";
  options.capabilities.hasCharacters = false;
  options.capabilities.hasRegistration = true;
  options.capabilities.welcome = "Welcome to the Two Rooms.";
  options.clientId = "two-rooms";
  CLI::App app{"The Two Rooms, an example of a world"};
  app.add_option("--url", options.url, "ws://host:port/backend or unix:/path")->required();
  app.add_option("--token-file", options.tokenFile, "from gwctl backend token create")->required();
  app.add_option("--db", options.database, "an SQLite file, made if need be")->required();
  app.add_option("--name", options.name, "the backend's name in the gateway's configuration");
  CLI11_PARSE(app, argc, argv);
  world::TwoRooms rooms;
  gw::backend::Link link(options, rooms);
  rooms.attach(link);
  link.runUntilSignal();
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "error: %s\n", e.what());
  return 1;
}
