#pragma once
// LobbyOptions: the few values the lobby needs; LobbyFigures: what it reports.

#include <cstdint>
#include <string>
#include <vector>

namespace gw::lobby {

struct LobbyOptions {
  bool registration = true;
  bool guests = false;
  std::string welcome;                      // shown before login; empty: the built-in text
  std::vector<std::string> rooms{"lobby"};  // the first is where everyone enters
  std::vector<std::string> reservedNames;   // besides the built-in ones
  std::string backendName = "lobby";        // under which characters are stored

  uint32_t registrationsPerHour = 3;  // per address
  uint32_t guestsPerHour = 60;        // per address
  uint32_t charactersPerUser = 8;
  uint32_t ignoredPerUser = 100;
  size_t maxLineBytes = 16 * 1024;
  size_t inboxCommands = 65'536;  // waiting for the lobby's thread
  size_t inboxBytes = 16u << 20;
  size_t inboxLogins = 1024;  // login and character requests being worked on
};

struct LobbyFigures {
  uint64_t players = 0;
  uint64_t commands = 0;         // handled
  uint64_t pauses = 0;           // waits for a gateway whose loops were behind
  uint64_t refusedCommands = 0;  // inbox full; each player was told
  uint64_t refusedLogins = 0;    // too many at once
  uint64_t failedLogins = 0;     // wrong name or password
  uint64_t throttledLogins = 0;
  uint64_t refusedGuests = 0;     // too many from their address
  uint64_t evictedThrottles = 0;  // entries forgotten at the bound
};

}  // namespace gw::lobby
