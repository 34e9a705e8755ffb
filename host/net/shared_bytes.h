#pragma once
// Immutable, atomically refcounted bytes: a body that many connections' queues share.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace gw::net {

class SharedBytes {
 public:
  SharedBytes() = default;
  /// Copies bytes into one allocation (header + payload).
  explicit SharedBytes(std::string_view bytes);
  SharedBytes(const SharedBytes& o) : block_(o.block_) { ref(); }
  SharedBytes(SharedBytes&& o) noexcept : block_(std::exchange(o.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes o) noexcept {
    std::swap(block_, o.block_);
    return *this;
  }
  ~SharedBytes() { unref(); }

  std::string_view view() const {
    return block_ ? std::string_view(reinterpret_cast<const char*>(block_ + 1), block_->size) : std::string_view();
  }
  size_t size() const { return block_ ? block_->size : 0; }
  explicit operator bool() const { return block_ != nullptr; }

  /// For the C ABI's gw_buf*: the raw block with one reference more, and back.
  void* release() { return std::exchange(block_, nullptr); }
  static SharedBytes adopt(void* block) {
    SharedBytes b;
    b.block_ = static_cast<Block*>(block);
    return b;
  }
  static SharedBytes share(void* block) {
    SharedBytes b = adopt(block);
    b.ref();
    return b;
  }

 private:
  struct Block {
    std::atomic<uint32_t> refs;
    uint32_t size;
  };
  void ref() {
    if (block_) block_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  void unref() {
    // Release our reads before, acquire everyone's before freeing.
    if (block_ && block_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) free();
  }
  void free();
  Block* block_ = nullptr;
};

}  // namespace gw::net
