#include "store/invariants.h"

#include "store/sql.h"

namespace gw::store {
namespace {

struct Invariant {
  const char* broken;
  const char* count;  // of the rows that break it
};

#define GW_ORPHANS(table) \
  "SELECT COUNT(*) FROM " table " c LEFT JOIN sessions s ON s.id = c.session_id WHERE s.id IS NULL"

constexpr Invariant kInvariants[] = {
    {"events without their session", GW_ORPHANS("session_event_log")},
    {"commands without their session", GW_ORPHANS("session_command_queue")},
    {"lineages without their session", GW_ORPHANS("lineages")},
    {"devices without their session", GW_ORPHANS("session_devices")},
    {"rooms of sessions that are not there", GW_ORPHANS("session_rooms")},
    {"settings without their user",
     "SELECT COUNT(*) FROM user_settings c LEFT JOIN users u ON u.id = c.user_id WHERE u.id IS NULL"},
    {"account tokens without their user",
     "SELECT COUNT(*) FROM account_tokens c LEFT JOIN users u ON u.id = c.user_id WHERE u.id IS NULL"},
    {"sessions with an impossible position", "SELECT COUNT(*) FROM sessions WHERE epoch < 1 OR last_seq < 0"},
    {"empty runs of events", "SELECT COUNT(*) FROM session_event_log WHERE event_count < 1"},
};

}  // namespace

std::vector<std::string> violatedInvariants(Sql& sql) {
  std::vector<std::string> problems;
  for (const Invariant& invariant : kInvariants) {
    const auto count = std::get<0>(sql.rows<int64_t>(invariant.count).front());
    if (count > 0) problems.push_back(std::to_string(count) + " " + invariant.broken);
  }
  return problems;
}

StoreFacts factsOf(Sql& sql) {
  const auto [version, sessions] =
      sql.rows<int64_t, int64_t>(
             "SELECT (SELECT COALESCE(MAX(version), 0) FROM schema_versions), (SELECT COUNT(*) FROM sessions)")
          .front();
  return {static_cast<int>(version), 0, static_cast<uint64_t>(sessions)};
}

}  // namespace gw::store
