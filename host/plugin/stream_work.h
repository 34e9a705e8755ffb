#pragma once
// StreamWork: the blocking work that one stream has asked for and not been answered yet (gw/work.h). It goes with
// the stream, to another loop and to another generation; a stream without such work has none.
//
// Thread: the stream's loop; destroyed anywhere.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "plugin/blocking_work.h"

namespace gw::plugin {

class Instance;

class StreamWork {
 public:
  static constexpr size_t kMost = 4;

  StreamWork(std::shared_ptr<BlockingWork> pool, uint64_t streamId, WorkHome& home);
  ~StreamWork();  // what is unanswered is for nobody
  StreamWork(const StreamWork&) = delete;
  StreamWork& operator=(const StreamWork&) = delete;

  /// An order that was looked through. GW_E_AGAIN: kMost are unanswered; else as BlockingWork::start.
  gw_status start(const Instance& instance, const gw_work_order& order);
  /// One answer that has come.
  std::optional<WorkAnswer> take();
  bool isEmpty() const { return jobs_.empty(); }

  /// Between two loops nobody is woken; what comes meanwhile wakes on the new one.
  void leave();
  void enter(WorkHome& home);

 private:
  const std::shared_ptr<BlockingWork> pool_;
  const uint64_t streamId_;
  WorkHome* home_;
  std::vector<WorkJobPtr> jobs_;
};

}  // namespace gw::plugin
