#include "net/io_scratch.h"

#include <cstdlib>
#include <new>

#include "net/output_queue.h"

namespace gw::net {

namespace {

// Allocation sizes, header included. The small one serves the usual single line or frame: a fan-out
// to a thousand connections then touches 256 KiB, which stays in the cache. Units up to 1 KiB fit
// the middle one; a queue that is already long takes big ones.
constexpr uint32_t kClassBytes[] = {256, 1280, 4096};

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
    : readBuffer_(std::make_unique<char[]>(kReadBufferBytes)), recordBuffer_(std::make_unique<char[]>(kRecordBytes)) {}

IoScratch::~IoScratch() {
  for (OutputChunk* chunk : kept_) {
    while (chunk != nullptr) {
      OutputChunk* next = chunk->next;
      OutputChunk::free(chunk);
      chunk = next;
    }
  }
}

OutputChunk* IoScratch::takeChunk(size_t room, bool deep) {
  uint32_t sizeClass = deep ? kClasses - 1 : 0;
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
  chunk->body = SharedBytes();
  chunk->bodySent = chunk->begin = chunk->end = 0;
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
