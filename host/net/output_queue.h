#pragma once
// OutputQueue: a connection's bytes on their way out. A unit is kept as a record: the shared body by
// reference, head and tail copied behind it. So a fan-out writes a few dozen bytes per connection, and
// the body is read from one place that stays in the cache.
//
// Thread: the connection's loop only; may move to another loop with its connection.
// Invariants: no record without unsent bytes stays; bytes() is the sum of what is unsent; an empty queue
// owns no memory.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/io_scratch.h"
#include "net/shared_bytes.h"

namespace gw::net {

/// Room for records, allocated with its bytes behind it; see io_scratch.cpp for the size classes.
struct OutputChunk {
  OutputChunk* next = nullptr;
  uint32_t begin = 0;  // of the first record
  uint32_t end = 0;
  uint32_t capacity = 0;
  uint32_t sizeClass = 0;

  char* at(uint32_t offset) { return reinterpret_cast<char*>(this + 1) + offset; }
  size_t room() const { return capacity - end; }

  static OutputChunk* allocate(uint32_t sizeClass, uint32_t capacity);
  static void free(OutputChunk* chunk);
};

class OutputQueue {
 public:
  /// Bodies up to this size are copied as well: cheaper than counting another reference.
  static constexpr size_t kCopiedBodyBytes = 64;

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
  void clear(IoScratch& scratch) { consume(scratch, bytes_); }

 private:
  struct Record;
  void appendCopied(IoScratch& scratch, std::string_view bytes);
  char* addRecord(IoScratch& scratch, const SharedBytes& body, size_t head, size_t tail);
  static void endRecord(OutputChunk& chunk);
  /// Calls visit(segment) for what is unsent, in order, until it returns false.
  template <typename Visit>
  void forEachSegment(Visit&& visit) const;

  OutputChunk* first_ = nullptr;
  OutputChunk* last_ = nullptr;
  size_t bytes_ = 0;
  size_t sent_ = 0;  // of the first record
};

}  // namespace gw::net
