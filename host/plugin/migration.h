#pragma once
// Migration: the live streams of one instance move to another, while their peers go on. gw/migrate.h says what
// the plugin sees of it; stream_migration.cpp moves one stream.
//
// Each loop moves its own in slices of at most sliceMs, a turn apart, so that nobody on that loop waits longer.
// What cannot move yet is asked again until patienceMs have passed; what stays keeps its instance and with it
// the old generation. If more than mostFailures imports fail, all loops stop: the rest stays where it is.
//
// Thread: start() and wait() [not a loop]; abandon() and figures() any.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/generation.h"

namespace gw::plugin {

class Instance;
class StreamHost;

/// The version of the state that two generations have in common. 0: connections stay, and why.
struct StatePath {
  uint32_t version = 0;
  std::string why;
};
StatePath statePath(const Generation& from, const Generation& to);

/// How the attempt to move one stream ended.
enum class Moved { kMoved, kNotYet, kStays, kFailed };
struct MoveOutcome {
  Moved how = Moved::kMoved;
  std::string why;  // a sentence for operators
};

struct MigrationOptions {
  uint64_t sliceNs = 2'000'000;
  uint64_t retryMs = 20;
  uint64_t patienceMs = 2'000;
  uint64_t mostFailures = 100;
};

struct MigrationFigures {
  uint64_t found = 0;  // streams of the old instance when the migration came to their loop
  uint64_t moved = 0;
  uint64_t stayed = 0;  // by its reason below
  uint64_t failed = 0;
  uint64_t gone = 0;                        // closed before their turn
  bool wasStopped = false;                  // too many failures, or abandoned
  std::map<std::string, uint64_t> reasons;  // why they stayed or failed; at most kMostReasons, then "other"
  std::vector<uint64_t> slicesNs;           // what each turn's share took; at most kMostSlices of them
};

class Migration : public std::enable_shared_from_this<Migration> {
 public:
  static constexpr size_t kMostReasons = 32;
  static constexpr size_t kMostSlices = 65'536;

  Migration(std::shared_ptr<Instance> from, std::shared_ptr<Instance> to, const MigrationOptions& options);
  ~Migration();
  void start(const std::vector<StreamHost*>& loops);
  /// True once every loop is done.
  bool wait(uint64_t ms);
  void abandon() { isStopped_ = true; }
  MigrationFigures figures() const;

 private:
  class Share;  // one loop's
  friend class Share;
  void note(const MoveOutcome& outcome);
  void shareDone(const std::vector<uint64_t>& slicesNs);

  const std::shared_ptr<Instance> from_;
  const std::shared_ptr<Instance> to_;
  const StatePath path_;
  const MigrationOptions options_;
  std::atomic<bool> isStopped_{false};

  mutable std::mutex mutex_;  // for what follows
  std::condition_variable changed_;
  size_t loopsLeft_ = 0;
  MigrationFigures figures_;
};

}  // namespace gw::plugin
