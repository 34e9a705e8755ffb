#include "conform/plugin_heap.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "testing/plugin_call.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GW_OWN_HEAP 0
#else
#define GW_OWN_HEAP 1
#endif

namespace gw::conform::plugin_heap {
namespace {

// Constant-initialised: malloc runs before any constructor.
constinit std::atomic<int64_t> net{0};
constinit std::atomic<uint64_t> count{0};
constinit std::atomic<uint64_t> failing{UINT64_MAX};
constinit std::atomic<bool> happened{false};

}  // namespace

bool isAvailable() { return GW_OWN_HEAP != 0; }
int64_t netBytes() { return net; }
uint64_t allocations() { return count; }

void failAt(uint64_t nth) {
  happened = false;
  failing = count + nth;
}

bool hasFailed() {
  failing = UINT64_MAX;
  return happened;
}

#if GW_OWN_HEAP
/// Whether an allocation that begins now fails.
bool begins() {
  if (!testing::isInPlugin() || count++ != failing) return false;
  happened = true;
  errno = ENOMEM;
  return true;
}

void* taken(void* block) {
  if (block != nullptr && testing::isInPlugin()) net += static_cast<int64_t>(malloc_usable_size(block));
  return block;
}

void givenBack(void* block) {
  if (block != nullptr && testing::isInPlugin()) net -= static_cast<int64_t>(malloc_usable_size(block));
}
#endif

}  // namespace gw::conform::plugin_heap

#if GW_OWN_HEAP
// The C library's own, below the names that are replaced here (glibc manual, "Replacing malloc").
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);

#define GW_EXPORTED __attribute__((visibility("default")))
namespace heap = gw::conform::plugin_heap;

GW_EXPORTED void* malloc(size_t size) { return heap::begins() ? nullptr : heap::taken(__libc_malloc(size)); }

GW_EXPORTED void* calloc(size_t count, size_t size) {
  return heap::begins() ? nullptr : heap::taken(__libc_calloc(count, size));
}

GW_EXPORTED void* realloc(void* block, size_t size) {
  if (heap::begins()) return nullptr;
  heap::givenBack(block);
  void* made = __libc_realloc(block, size);
  if (made == nullptr && size != 0) heap::taken(block);  // it is still there
  return heap::taken(made);
}

GW_EXPORTED void* memalign(size_t alignment, size_t size) {
  return heap::begins() ? nullptr : heap::taken(__libc_memalign(alignment, size));
}

GW_EXPORTED void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

GW_EXPORTED int posix_memalign(void** out, size_t alignment, size_t size) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void* made = memalign(alignment, size);
  if (made == nullptr) return ENOMEM;
  *out = made;
  return 0;
}

GW_EXPORTED void free(void* block) {
  heap::givenBack(block);
  __libc_free(block);
}
}
#endif
