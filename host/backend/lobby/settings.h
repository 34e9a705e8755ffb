#pragma once
// Settings: what the lobby keeps of a user between visits, inside UserRecord::settings (a JSON object
// whose other members are left alone).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/lobby/store_calls.h"

namespace gw::lobby {

struct Ignored {
  std::string userId;
  std::string name;  // the character under which they were ignored
  bool operator==(const Ignored&) const = default;
};

struct Settings {
  bool plain = false;
  int64_t mutedUntilUs = 0;  // by an operator; INT64_MAX: for ever
  std::vector<Ignored> ignored;
};

/// Anything that is not as expected reads as absent; at most maxIgnored entries.
Settings parseSettings(std::string_view json, size_t maxIgnored);
/// `json` with the members plain, ignore and mutedUntilUs replaced.
std::string mergeSettings(std::string_view json, const Settings& settings);

class SettingsStore {
 public:
  SettingsStore(StoreCalls& store, size_t maxIgnored) : store_(store), maxIgnored_(maxIgnored) {}

  /// then: on the lobby's thread; defaults for a user who is not there. Logs a failure.
  void load(const std::string& userId, UniqueFunction<void(Result<Settings>)> then);
  /// Logs a failure. Guests have nothing to keep: the caller leaves them out.
  void save(const std::string& userId, Settings settings);

 private:
  StoreCalls& store_;
  size_t maxIgnored_;
};

}  // namespace gw::lobby
