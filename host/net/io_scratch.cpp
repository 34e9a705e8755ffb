#include "net/io_scratch.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "net/output_queue.h"

namespace gw::net {

namespace {

// Allocation sizes, header included. The small one holds the records of the usual turn's few units; a
// queue that is already long takes big ones.
constexpr uint32_t kClassBytes[] = {128, 1024, IoScratch::kLargestChunkBytes};

}  // namespace

OutputChunk* OutputChunk::allocate(uint32_t sizeClass, uint32_t capacity) {
  void* memory = std::malloc(sizeof(OutputChunk) + capacity);
  if (memory == nullptr) throw std::bad_alloc();
  auto* chunk = new (memory) OutputChunk;
  chunk->capacity = capacity;
  chunk->sizeClass = sizeClass;
  return chunk;
}

void OutputChunk::free(OutputChunk* chunk) {
  chunk->~OutputChunk();
  std::free(chunk);
}

IoScratch::IoScratch()
    : readBuffer_(std::make_unique<char[]>(kReadBufferBytes)), gatherBuffer_(std::make_unique<char[]>(kGatherBytes)) {}

IoScratch::~IoScratch() {
  for (OutputChunk* chunk : kept_) {
    while (chunk != nullptr) {
      OutputChunk* next = chunk->next;
      OutputChunk::free(chunk);
      chunk = next;
    }
  }
}

OutputChunk* IoScratch::takeChunk(size_t room, uint32_t atLeast) {
  uint32_t sizeClass = std::min<uint32_t>(atLeast, kClasses - 1);
  while (sizeClass + 1 < kClasses && kClassBytes[sizeClass] - sizeof(OutputChunk) < room) ++sizeClass;
  OutputChunk* chunk = kept_[sizeClass];
  if (chunk == nullptr) {
    return OutputChunk::allocate(sizeClass, static_cast<uint32_t>(kClassBytes[sizeClass] - sizeof(OutputChunk)));
  }
  kept_[sizeClass] = chunk->next;
  --keptCount_[sizeClass];
  chunk->next = nullptr;
  return chunk;
}

void IoScratch::giveChunk(OutputChunk* chunk) {
  const uint32_t sizeClass = chunk->sizeClass;
  if ((keptCount_[sizeClass] + 1) * kClassBytes[sizeClass] > kKeptBytes) {
    OutputChunk::free(chunk);
    return;
  }
  chunk->begin = chunk->end = 0;
  chunk->next = kept_[sizeClass];
  kept_[sizeClass] = chunk;
  ++keptCount_[sizeClass];
}

size_t IoScratch::keptChunks() const {
  size_t total = 0;
  for (size_t count : keptCount_) total += count;
  return total;
}

}  // namespace gw::net
