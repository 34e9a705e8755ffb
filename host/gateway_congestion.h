#pragma once
// whenUncongested: how a producer that found a loop's inbox over its bound learns that it may go on.

#include <memory>
#include <utility>
#include <vector>

#include "net/event_loop.h"

namespace gw {

/// Calls then once, when no loop is congested: at once here, or on the loop that was the last. Any thread.
/// It waits at the end of one congested inbox at a time, so it costs one task and is called when what
/// filled the inbox has been done. loops outlives the call of then.
inline void whenUncongested(const std::vector<std::unique_ptr<net::EventLoop>>& loops, Task then) {
  for (const auto& loop : loops) {
    if (!loop->isCongested()) continue;
    loop->post([&loops, then = std::move(then)]() mutable { whenUncongested(loops, std::move(then)); });
    return;
  }
  then();
}

}  // namespace gw
