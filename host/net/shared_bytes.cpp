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

void SharedBytes::free() {
  block_->~Block();
  std::free(block_);
}

}  // namespace gw::net
