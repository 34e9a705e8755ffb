#pragma once
// plugin_heap: this program's malloc and free, which know whether the plugin calls them (testing/plugin_call.h). They
// count what it takes and gives back, and can let one of its allocations fail. The host's own never fail.
//
// Sanitizers bring their own allocator: then isAvailable() is false and nothing is counted or fails.
//
// Thread: any for the counts; failAt and its answers: one thread while no other is in the plugin.

#include <cstdint>

namespace gw::conform::plugin_heap {

bool isAvailable();

/// Taken and not given back by code of the plugin, in bytes, since the program began.
int64_t netBytes();
/// malloc, calloc, realloc, aligned allocations, operator new.
uint64_t allocations();

/// Its allocation number `nth` from now on (0: the next) fails, and only that.
void failAt(uint64_t nth);
/// Ends failAt; true if it has happened.
bool hasFailed();

}  // namespace gw::conform::plugin_heap
