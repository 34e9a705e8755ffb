#pragma once
// OutputQueue: a connection's bytes on their way out, as a list of chunks. A chunk is an optional
// shared body followed by a few copied bytes, so that [head][body][tail][next head] takes one chunk.
//
// Thread: the connection's loop only; may move to another loop with its connection.
// Invariants: no empty chunk stays in the list; bytes() is the sum of what is unsent; an empty queue
// owns no memory.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/io_scratch.h"
#include "net/shared_bytes.h"

namespace gw::net {

/// Allocated with its copied bytes behind it; see io_scratch.cpp for the size classes.
struct OutputChunk {
  OutputChunk* next = nullptr;
  SharedBytes body;
  uint32_t bodySent = 0;
  uint32_t begin = 0;  // of the copied bytes that are unsent
  uint32_t end = 0;
  uint32_t capacity = 0;
  uint32_t sizeClass = 0;

  char* copied() { return reinterpret_cast<char*>(this + 1); }
  size_t bodyLeft() const { return body.size() - bodySent; }
  size_t copiedLeft() const { return end - begin; }
  size_t room() const { return capacity - end; }

  static OutputChunk* allocate(uint32_t sizeClass, uint32_t capacity);
  static void free(OutputChunk* chunk);
};

class OutputQueue {
 public:
  /// Units up to this size are copied together; bodies of larger ones are shared.
  static constexpr size_t kCopiedUnitBytes = 1024;

  OutputQueue() = default;
  ~OutputQueue();
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  size_t bytes() const { return bytes_; }
  bool isEmpty() const { return bytes_ == 0; }

  void appendUnit(IoScratch& scratch, std::string_view head, const SharedBytes& body, std::string_view tail);
  /// Fills iov with the first segments, at most max; returns how many.
  int segments(iovec* iov, int max) const;
  /// Copies the first bytes, at most capacity, and returns how many. Asking again without consuming
  /// gives the same bytes, perhaps followed by more (what a TLS retry needs).
  size_t copyFront(char* out, size_t capacity) const;
  void consume(IoScratch& scratch, size_t bytes);
  void clear(IoScratch& scratch);

 private:
  void appendCopied(IoScratch& scratch, std::string_view bytes);
  OutputChunk* addChunk(IoScratch& scratch, size_t room);

  OutputChunk* first_ = nullptr;
  OutputChunk* last_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace gw::net
