#include "net/shared_bytes.h"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

namespace gw::net {

SharedBytes::SharedBytes(std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<uint32_t>::max()) throw std::length_error("SharedBytes: 4 GiB or more");
  void* memory = std::malloc(sizeof(Block) + bytes.size());
  if (memory == nullptr) throw std::bad_alloc();
  block_ = new (memory) Block{{1}, static_cast<uint32_t>(bytes.size())};
  if (!bytes.empty()) std::memcpy(static_cast<void*>(block_ + 1), bytes.data(), bytes.size());
}

std::string_view SharedBytes::view() const {
  if (block_ == nullptr) return {};
  return {reinterpret_cast<const char*>(block_ + 1), block_->size};
}

size_t SharedBytes::size() const { return block_ == nullptr ? 0 : block_->size; }

void SharedBytes::unref() {
  // Release our reads before, acquire everyone's before freeing.
  if (block_ != nullptr && block_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    std::free(block_);
  }
}

}  // namespace gw::net
