#pragma once
// IoScratch: what all connections of one loop share so that an idle one owns no buffer: the read
// buffer, room for gathering what leaves in one write or TLS record, and recycled output chunks.
//
// Thread: its loop only. Bound: each class of chunks keeps at most kKeptBytes; the rest is freed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace gw::net {

struct OutputChunk;

class IoScratch {
 public:
  /// One connection reads at most this much in a turn ...
  static constexpr size_t kReadBytes = 64 * 1024;
  /// ... and what is left of a TLS record that is already decrypted.
  static constexpr size_t kReadBufferBytes = kReadBytes + 16 * 1024;
  static constexpr size_t kGatherBytes = 16 * 1024;
  static constexpr size_t kKeptBytes = 1 << 20;
  static constexpr size_t kLargestChunkBytes = 4096;
  static constexpr size_t kLargestRoom = kLargestChunkBytes - 24;  // less its header

  IoScratch();
  ~IoScratch();
  IoScratch(const IoScratch&) = delete;
  IoScratch& operator=(const IoScratch&) = delete;

  char* readBuffer() { return readBuffer_.get(); }
  char* gatherBuffer() { return gatherBuffer_.get(); }

  /// A chunk with room for at least `room` bytes (at most kLargestRoom); atLeast: the size
  /// class to begin with, one more than the queue's last.
  OutputChunk* takeChunk(size_t room, uint32_t atLeast);
  void giveChunk(OutputChunk* chunk);
  size_t keptChunks() const;

 private:
  static constexpr size_t kClasses = 3;
  std::unique_ptr<char[]> readBuffer_;
  std::unique_ptr<char[]> gatherBuffer_;
  std::array<OutputChunk*, kClasses> kept_{};
  std::array<size_t, kClasses> keptCount_{};
};

}  // namespace gw::net
