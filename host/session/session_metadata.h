#pragma once
// SessionMetadata: what a session's row keeps as one JSON object, because nobody searches for it.

#include <string>
#include <vector>

#include "session/backend_port.h"
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

/// How many counted frames of each instance of the backend are in. An instance that is not known begins anew; the one
/// heard of least recently leaves for a fifth.
class OutputCounts {
 public:
  static constexpr size_t kMost = 4;

  enum class Verdict : uint8_t { kNext, kDuplicate, kAhead };
  /// What n is; kNext: it is noted.
  Verdict take(const std::string& instance, uint64_t n);
  uint64_t last(const std::string& instance) const;
  void set(const std::string& instance, uint64_t n);
  /// After a crash that may have lost some: the next n of each instance may be higher than the next.
  void doubt();
  const std::vector<OutputCount>& all() const { return counts_; }

 private:
  std::vector<OutputCount> counts_;  // heard of most recently last
};

struct SessionMetadata {
  bool isGuest = false;
  bool plain = false;
  bool isPresent = true;  // in a host's memory: it comes back by itself after a restart
  std::string gameSession;
  WholeEpochs wholeEpochs;
  Position lostTo;            // the log up to here was pushed out by its bounds
  uint32_t lastTerminal = 0;  // lineage of the terminal that was used last
  OutputCounts outputCounts{};
};

/// [["instance",n],…]
std::string toJson(const OutputCounts& counts);
OutputCounts parseOutputCounts(const std::string& json);

std::string toJson(const SessionMetadata& metadata);
/// Members that are missing or of another type are as in a new one.
SessionMetadata parseMetadata(const std::string& json);

}  // namespace gw::session
