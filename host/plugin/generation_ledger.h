#pragma once
// GenerationLedger: which generations of this process are alive, and what became of the others' libraries.
//
// Thread: any; await() not on a loop and not on the control thread, where generations end.
// Bounds: how each of the last kMostEnds ended; of each channel the last end and a count.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "plugin/library.h"

namespace gw::plugin {

class GenerationLedger {
 public:
  static constexpr size_t kMostEnds = 64;

  struct End {
    uint64_t number = 0;  // of the generation
    std::string version;
    LibraryEnd library = LibraryEnd::kUnloaded;
  };

  static GenerationLedger& ofProcess();

  /// A generation begins. The answer names it in this process, also when it is gone.
  uint64_t enter();
  void leave(uint64_t serial, const std::string& channelId, const End& end);
  /// What became of its library; nothing if it is still alive after limitMs. One that ended long ago counts as
  /// unloaded.
  std::optional<LibraryEnd> await(uint64_t serial, uint64_t limitMs);
  /// Of a channel, since the start.
  uint64_t leakedOf(const std::string& channelId) const;
  std::optional<End> lastEndOf(const std::string& channelId) const;

 private:
  struct Channel {
    uint64_t leaked = 0;
    std::optional<End> last;
  };
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t last_ = 0;
  std::set<uint64_t> alive_;
  std::map<uint64_t, LibraryEnd> ends_;
  std::map<std::string, Channel> channels_;
};

}  // namespace gw::plugin
