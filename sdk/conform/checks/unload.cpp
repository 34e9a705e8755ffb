// unload: in and out, many times, without a trace.
#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "conform/check.h"
#include "conform/plugin_heap.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

constexpr int kLoads = 100;
constexpr int kWarmUp = 20;               // caches of the C library fill meanwhile
constexpr int64_t kMostHeap = 64 * 1024;  // that all later loads together may leave behind
constexpr int64_t kMostResident = 4 * 1024 * 1024;

bool isMapped(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(file) != std::string::npos) return true;
  return false;
}

int64_t residentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t heapBytes() { return static_cast<int64_t>(mallinfo2().uordblks); }

void expectFlat(const char* what, int64_t before, int64_t after, int64_t most) {
  if (after - before <= most) return;
  throw Failure{std::to_string(kLoads - kWarmUp) + " loads left " + std::to_string(after - before) + " bytes of " +
                what + " behind; at most " + std::to_string(most) + " are not worth a word"};
}

}  // namespace

void checkUnload(Context& context) {
  if (context.plugin().descriptor->unload_policy != GW_UNLOAD_SAFE)
    throw Skip{"the plugin does not say GW_UNLOAD_SAFE: every reload leaves one behind"};
  const Conversation conversation = context.streams().front();
  const std::string options = context.optionsOf(conversation);
  context.unload();
  int64_t heap = 0, resident = 0;
  for (int i = 1; i <= kLoads; ++i) {
    context.step("load " + std::to_string(i));
    {
      const Subject subject(context.order().file);
      converse(subject.plugin(), options, conversation, {});
    }
    if (isMapped(context.order().file))
      throw Failure{"after load " + std::to_string(i) +
                    " it stays mapped: a thread_local with a destructor, a "
                    "UNIQUE symbol, or a reference of its own keeps it"};
    if (i != kWarmUp) continue;
    heap = heapBytes();
    resident = residentBytes();
  }
  if (!plugin_heap::isAvailable()) return;  // a sanitizer keeps what was freed
  expectFlat("heap", heap, heapBytes(), kMostHeap);
  expectFlat("resident memory", resident, residentBytes(), kMostResident);
}

}  // namespace gw::conform
