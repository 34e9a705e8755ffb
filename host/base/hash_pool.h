#pragma once
// HashPool: password hashing (Argon2id, m=19456 KiB, t=2, p=1) on threads of its own with low priority;
// one hash costs about 30 ms of a core and 19 MiB.
//
// Thread: every function may be called from anywhere and never blocks. `done` is called exactly once: on
// a pool thread, or, when the job is refused, on the caller's before the call returns; it must only post
// elsewhere. Passwords are wiped from memory after use.
//
// Bounds: at most queueLimit jobs wait (else kUnavailable). Of one address key at most one runs at a time
// and at most perAddressLimit wait (else kRateLimited): one address never takes the whole pool. Addresses
// are served in turn. An empty key is not counted.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_function.h"

namespace gw {

struct VerifyResult {
  bool ok = false;           // the password is right
  bool needsRehash = false;  // right, but hashed with older parameters: hash again and store
};

struct HashPoolFigures {
  uint64_t waiting = 0;
  uint64_t running = 0;
  uint64_t finished = 0;
  uint64_t refused = 0;
};

class HashPool {
 public:
  static constexpr size_t kMaxPasswordBytes = 256;

  struct Options {
    int threads = 2;
    size_t queueLimit = 64;
    size_t perAddressLimit = 8;
    int niceness = 10;
  };

  using HashDone = UniqueFunction<void(Result<std::string>)>;
  using VerifyDone = UniqueFunction<void(Result<VerifyResult>)>;

  /// Throws std::runtime_error if libsodium cannot start.
  explicit HashPool(const Options& options);
  explicit HashPool(int threads = 2) : HashPool(Options{threads, 64, 8, 10}) {}
  /// Stops; what has not started is answered kUnavailable.
  ~HashPool();
  HashPool(const HashPool&) = delete;
  HashPool& operator=(const HashPool&) = delete;

  /// Answers the PHC string. Fails: kInvalid (empty), kTooLarge (password over 256 bytes), kRateLimited,
  /// kUnavailable.
  void hash(std::string password, std::string_view addressKey, HashDone done);
  /// Fails as hash(), but an empty password or one over the cap is only "not ok"; a broken phc too.
  void verify(std::string phc, std::string password, std::string_view addressKey, VerifyDone done);
  /// For unknown users: costs what verify() costs and is never ok.
  void verifyDummy(std::string password, std::string_view addressKey, VerifyDone done);

  HashPoolFigures figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw
