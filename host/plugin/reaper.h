#pragma once
// Reaper: where instances are destroyed and libraries unloaded when their last reference goes away on
// a loop. Those calls are [control]; the owner of the control thread installs itself here. Without one
// (tests, after the control thread has ended) they run on the spot.

#include <functional>

#include "base/unique_function.h"

namespace gw::plugin {

/// run: takes the task to the control thread (or runs it at once if that is the caller). Returns the
/// task unrun if it cannot any more. Any thread calls it.
using ReaperFn = std::function<Task(Task)>;

/// Null uninstalls. On return no earlier function is running.
void installReaper(ReaperFn run);
void reap(Task task);

}  // namespace gw::plugin
