#pragma once
// Stream::Shadow: what a side that is being imported asks of the host (gw/migrate.h). Kept back until that side
// is the connection; if it never is, nobody has noticed.
//
// Thread: the stream's loop, within one import. Bounds: kMostActions, kMostBytes; what goes beyond spoils it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_function.h"
#include "plugin/stream.h"

namespace gw::plugin {

class Stream::Shadow {
 public:
  static constexpr size_t kMostActions = 64;
  static constexpr size_t kMostBytes = 256 * 1024;

  gw_status send(std::string_view bytes);
  gw_status sendShared(const net::SharedBytes& bytes);
  gw_status setTimer(uint32_t timerId, uint64_t delayMs);
  void cancelTimer(uint32_t timerId);
  void pauseReading();
  void resumeReading();
  gw_status setClass(uint64_t key, uint32_t flags, std::string_view description);
  void close() { spoil("it closed the connection"); }

  const ClassWish* wish() const { return wish_ ? &*wish_ : nullptr; }
  bool isSpoilt() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }
  /// Does all of it on the stream, in the order in which it was asked for.
  void release(Stream& stream);

 private:
  gw_status keep(size_t bytes, UniqueFunction<void(Stream&)> action);
  void spoil(const char* why) {
    if (problem_.empty()) problem_ = why;
  }

  std::vector<UniqueFunction<void(Stream&)>> actions_;
  size_t bytes_ = 0;
  std::optional<ClassWish> wish_;
  std::string problem_;
};

}  // namespace gw::plugin
