#include "net/output_queue.h"

#include <algorithm>
#include <cstring>

namespace gw::net {

OutputQueue::~OutputQueue() {
  while (first_ != nullptr) {
    OutputChunk* next = first_->next;
    OutputChunk::free(first_);
    first_ = next;
  }
}

OutputChunk* OutputQueue::addChunk(IoScratch& scratch, size_t room) {
  OutputChunk* chunk = scratch.takeChunk(room, last_ != nullptr && last_->end > 0);
  if (last_ != nullptr) {
    last_->next = chunk;
  } else {
    first_ = chunk;
  }
  last_ = chunk;
  return chunk;
}

void OutputQueue::appendCopied(IoScratch& scratch, std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (last_ == nullptr || last_->room() == 0) addChunk(scratch, bytes.size());
    const size_t part = std::min(bytes.size(), last_->room());
    std::memcpy(last_->copied() + last_->end, bytes.data(), part);
    last_->end += static_cast<uint32_t>(part);
    bytes.remove_prefix(part);
  }
}

void OutputQueue::appendUnit(IoScratch& scratch, std::string_view head, const SharedBytes& body,
                             std::string_view tail) {
  const std::string_view bodyBytes = body.view();
  const size_t size = head.size() + bodyBytes.size() + tail.size();
  if (size == 0) return;
  if (size <= kCopiedUnitBytes) {
    // Kept contiguous, so that the usual single unit of a turn leaves with a plain send().
    if (last_ == nullptr || last_->room() < size) addChunk(scratch, size);
    char* out = last_->copied() + last_->end;
    for (std::string_view part : {head, bodyBytes, tail}) {
      if (!part.empty()) std::memcpy(out, part.data(), part.size());
      out += part.size();
    }
    last_->end += static_cast<uint32_t>(size);
    bytes_ += size;
    return;
  }
  appendCopied(scratch, head);
  if (!bodyBytes.empty()) {
    OutputChunk* chunk = scratch.takeChunk(tail.size(), false);
    chunk->body = body;
    (last_ != nullptr ? last_->next : first_) = chunk;
    last_ = chunk;
    bytes_ += bodyBytes.size();
  }
  appendCopied(scratch, tail);
}

int OutputQueue::segments(iovec* iov, int max) const {
  int count = 0;
  for (OutputChunk* chunk = first_; chunk != nullptr && count < max; chunk = chunk->next) {
    if (chunk->bodyLeft() > 0) {
      const std::string_view left = chunk->body.view().substr(chunk->bodySent);
      iov[count++] = {const_cast<char*>(left.data()), left.size()};
      if (count == max) break;
    }
    if (chunk->copiedLeft() > 0) iov[count++] = {chunk->copied() + chunk->begin, chunk->copiedLeft()};
  }
  return count;
}

size_t OutputQueue::copyFront(char* out, size_t capacity) const {
  size_t copied = 0;
  iovec iov[64];
  const int count = segments(iov, 64);
  for (int i = 0; i < count && copied < capacity; ++i) {
    const size_t part = std::min(iov[i].iov_len, capacity - copied);
    std::memcpy(out + copied, iov[i].iov_base, part);
    copied += part;
  }
  return copied;
}

void OutputQueue::consume(IoScratch& scratch, size_t bytes) {
  bytes_ -= bytes;
  while (first_ != nullptr) {
    const size_t ofBody = std::min(bytes, first_->bodyLeft());
    first_->bodySent += static_cast<uint32_t>(ofBody);
    bytes -= ofBody;
    const size_t ofCopied = std::min(bytes, first_->copiedLeft());
    first_->begin += static_cast<uint32_t>(ofCopied);
    bytes -= ofCopied;
    if (first_->bodyLeft() > 0 || first_->copiedLeft() > 0) return;
    OutputChunk* done = first_;
    first_ = done->next;
    if (first_ == nullptr) last_ = nullptr;
    scratch.giveChunk(done);
  }
}

void OutputQueue::clear(IoScratch& scratch) { consume(scratch, bytes_); }

}  // namespace gw::net
