#include "net/output_queue.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <new>

namespace gw::net {

/// One unit, or a part of a large one. Its head and tail follow it in the chunk; the next record begins
/// at a multiple of its alignment.
struct OutputQueue::Record {
  SharedBytes body;
  uint32_t head;
  uint32_t tail;

  const char* copied() const { return reinterpret_cast<const char*>(this + 1); }
  size_t bytes() const { return head + body.size() + tail; }
  uint32_t footprint() const { return footprintOf(head + tail); }
  static uint32_t footprintOf(size_t copied) {
    return static_cast<uint32_t>((sizeof(Record) + copied + alignof(Record) - 1) / alignof(Record) * alignof(Record));
  }
  static Record& at(OutputChunk& chunk, uint32_t offset) { return *reinterpret_cast<Record*>(chunk.at(offset)); }
};

static_assert(sizeof(OutputChunk) == IoScratch::kLargestChunkBytes - IoScratch::kLargestRoom);

OutputQueue::~OutputQueue() {
  while (first_ != nullptr) {
    OutputChunk* next = first_->next;
    while (first_->begin < first_->end) endRecord(*first_);
    OutputChunk::free(first_);
    first_ = next;
  }
}

void OutputQueue::endRecord(OutputChunk& chunk) {
  Record& record = Record::at(chunk, chunk.begin);
  chunk.begin += record.footprint();
  record.~Record();
}

// Returns where head and tail go.
char* OutputQueue::addRecord(IoScratch& scratch, const SharedBytes& body, size_t head, size_t tail) {
  const uint32_t footprint = Record::footprintOf(head + tail);
  if (last_ == nullptr || last_->room() < footprint) {
    OutputChunk* chunk = scratch.takeChunk(footprint, last_ == nullptr ? 0 : last_->sizeClass + 1);
    (last_ != nullptr ? last_->next : first_) = chunk;
    last_ = chunk;
  }
  auto* record = new (last_->at(last_->end)) Record{body, static_cast<uint32_t>(head), static_cast<uint32_t>(tail)};
  last_->end += footprint;
  bytes_ += record->bytes();
  return reinterpret_cast<char*>(record + 1);
}

void OutputQueue::appendCopied(IoScratch& scratch, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, IoScratch::kLargestRoom - sizeof(Record));
    std::memcpy(addRecord(scratch, SharedBytes(), part.size(), 0), part.data(), part.size());
    bytes.remove_prefix(part.size());
  }
}

void OutputQueue::appendUnit(IoScratch& scratch, std::string_view head, const SharedBytes& body,
                             std::string_view tail) {
  const bool isShared = body.size() > kCopiedBodyBytes;
  const std::string_view copiedBody = isShared ? std::string_view() : body.view();
  const size_t copied = head.size() + copiedBody.size() + tail.size();
  if (copied == 0 && !isShared) return;
  if (copied > IoScratch::kLargestRoom - sizeof(Record)) {
    // Only a plugin's own sends are that long.
    appendCopied(scratch, head);
    if (body.size() > 0) addRecord(scratch, body, 0, 0);
    return appendCopied(scratch, tail);
  }
  char* out =
      isShared ? addRecord(scratch, body, head.size(), tail.size()) : addRecord(scratch, SharedBytes(), copied, 0);
  for (const std::string_view part : {head, copiedBody, tail}) {
    if (!part.empty()) std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
}

template <typename Visit>
void OutputQueue::forEachSegment(Visit&& visit) const {
  size_t skip = sent_;
  for (OutputChunk* chunk = first_; chunk != nullptr; chunk = chunk->next) {
    for (uint32_t offset = chunk->begin; offset < chunk->end;) {
      const Record& record = Record::at(*chunk, offset);
      offset += record.footprint();
      const std::string_view head(record.copied(), record.head);
      const std::string_view tail(record.copied() + record.head, record.tail);
      for (std::string_view part : {head, record.body.view(), tail}) {
        const size_t skipped = std::min(skip, part.size());
        skip -= skipped;
        part.remove_prefix(skipped);
        if (!part.empty() && !visit(part)) return;
      }
    }
  }
}

int OutputQueue::segments(iovec* iov, int max) const {
  int count = 0;
  if (max == 0) return 0;
  forEachSegment([&](std::string_view part) {
    iov[count++] = {const_cast<char*>(part.data()), part.size()};
    return count < max;
  });
  return count;
}

size_t OutputQueue::copyFront(char* out, size_t capacity) const {
  size_t copied = 0;
  forEachSegment([&](std::string_view part) {
    const size_t fits = std::min(part.size(), capacity - copied);
    std::memcpy(out + copied, part.data(), fits);
    copied += fits;
    return copied < capacity;
  });
  return copied;
}

void OutputQueue::consume(IoScratch& scratch, size_t bytes) {
  bytes_ -= bytes;
  sent_ += bytes;
  while (first_ != nullptr) {
    while (first_->begin < first_->end) {
      const size_t size = Record::at(*first_, first_->begin).bytes();
      if (sent_ < size) return;
      sent_ -= size;
      endRecord(*first_);
    }
    OutputChunk* done = first_;
    first_ = done->next;
    if (first_ == nullptr) last_ = nullptr;
    scratch.giveChunk(done);
  }
}

}  // namespace gw::net
