#pragma once
// What a crash left in the journal, put into the sessions' rows, before anybody is let in. Also after
// `durability` was changed to relaxed.
//
// Thread: any that may block. Memory: the journal's records, so it is bounded as the journal is. Safe to
// be interrupted and repeated: a row says how many records it includes.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace gw::store {
class SessionStore;
}

namespace gw::session {

struct RecoveryFigures {
  uint64_t commits = 0;
  uint64_t records = 0;
  uint64_t sessions = 0;  // whose rows were behind
  uint64_t events = 0;    // added to their logs
};

/// Fails as the store does, and kInternal if the journal is damaged; then nothing of it was trimmed.
Result<RecoveryFigures> recoverJournal(store::SessionStore& store, const std::string& gatewayId);

}  // namespace gw::session
