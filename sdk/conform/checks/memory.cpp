// memory: each allocation of a plugin's life fails once.
#include "conform/check.h"
#include "conform/plugin_heap.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

constexpr size_t kMostFailures = 250;  // of a conversation

/// From init to deinit. Whatever fails on the way is an answer; that it does not crash is the point.
void liveOnce(Context& context, const Conversation& conversation) {
  testing::FakeHost host(context.plugin(), context.optionsOf(conversation));
  if (host.ok()) {
    Visit visit(host, conversation);
    if (visit.isOpen()) {
      visit.run({});
      visit.end();
    }
  } else if (host.status() != GW_E_NOMEM) {
    throw Failure{"the account is not made, with status " + std::to_string(host.status()) + " (" + host.error() +
                  "); expected GW_E_NOMEM, as options may be right and memory short"};
  }
  host.end();
  const std::vector<std::string> violations = host.violations();
  if (!violations.empty()) throw Failure{violations.front()};
}

/// Whether there were so many allocations.
bool failOnce(Context& context, const Conversation& conversation, size_t nth) {
  plugin_heap::failAt(nth);
  try {
    liveOnce(context, conversation);
  } catch (const Failure& failure) {
    const bool hasFailed = plugin_heap::hasFailed();
    if (!hasFailed) throw;
    throw Failure{conversation.name + ": allocation " + std::to_string(nth) + " fails: " + failure.why};
  }
  return plugin_heap::hasFailed();
}

/// Memory that is lost each time, not a cache that is filled once.
void expectNothingLost(Context& context, const Conversation& conversation, size_t nth) {
  int64_t before = plugin_heap::netBytes();
  failOnce(context, conversation, nth);
  const int64_t lost = plugin_heap::netBytes() - before;
  before = plugin_heap::netBytes();
  failOnce(context, conversation, nth);
  const int64_t lostAgain = plugin_heap::netBytes() - before;
  if (lost > 0 && lostAgain > 0)
    throw Failure{conversation.name + ": allocation " + std::to_string(nth) + " fails: " + std::to_string(lostAgain) +
                  " bytes are never freed"};
}

}  // namespace

void checkMemory(Context& context) {
  if (!plugin_heap::isAvailable()) throw Skip{"a sanitizer's allocator is in use: allocations cannot be made to fail"};
  for (const Conversation& conversation : context.streams()) {
    context.step(conversation.name + ": counting allocations");
    const uint64_t before = plugin_heap::allocations();
    liveOnce(context, conversation);
    const uint64_t count = plugin_heap::allocations() - before;
    if (count == 0) continue;
    for (const size_t nth : placesAmong(count - 1, kMostFailures, context.order().seed)) {
      context.step(conversation.name + ": allocation " + std::to_string(nth) + " fails");
      const int64_t net = plugin_heap::netBytes();
      failOnce(context, conversation, nth);
      if (plugin_heap::netBytes() > net) expectNothingLost(context, conversation, nth);
    }
  }
}

}  // namespace gw::conform
