#pragma once
// SessionMetadata: what a session's row keeps as one JSON object, because nobody searches for it.

#include <string>
#include <vector>

#include "session/event_log.h"

namespace gw::session {

/// Epochs that ended in a crash and of which nothing is lost, and where each ended; the oldest leave.
struct WholeEpochs {
  static constexpr size_t kMost = 32;
  std::vector<Position> ends;

  void add(Position end);
  /// Null: not known to be whole.
  const Position* find(uint64_t epoch) const;
};

struct SessionMetadata {
  bool isGuest = false;
  bool plain = false;
  bool isPresent = true;  // in a host's memory: it comes back by itself after a restart
  std::string gameSession;
  WholeEpochs wholeEpochs;
  Position lostTo;            // the log up to here was pushed out by its bounds
  uint32_t lastTerminal = 0;  // lineage of the terminal that was used last
};

std::string toJson(const SessionMetadata& metadata);
/// Members that are missing or of another type are as in a new one.
SessionMetadata parseMetadata(const std::string& json);

}  // namespace gw::session
