#pragma once
// PasswordHasher: what the lobby asks of the hash pool; an interface so that tests need not burn CPU.
// `done` is called exactly once, on any thread, possibly before the call returns; it only posts.

#include <string>

#include "base/result.h"
#include "base/unique_function.h"

namespace gw {
class HashPool;
}

namespace gw::lobby {

struct Verdict {
  bool matches = false;
  bool needsRehash = false;
};

class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  /// Answers the string to store.
  virtual void hash(std::string password, std::string addressKey, UniqueFunction<void(Result<std::string>)> done) = 0;
  virtual void verify(std::string stored, std::string password, std::string addressKey,
                      UniqueFunction<void(Result<Verdict>)> done) = 0;
  /// Costs what verify costs; never matches.
  virtual void verifyDummy(std::string password, std::string addressKey,
                           UniqueFunction<void(Result<Verdict>)> done) = 0;
};

/// The real one. The pool outlives it.
class PoolPasswordHasher final : public PasswordHasher {
 public:
  explicit PoolPasswordHasher(HashPool& pool) : pool_(pool) {}
  void hash(std::string password, std::string addressKey, UniqueFunction<void(Result<std::string>)> done) override;
  void verify(std::string stored, std::string password, std::string addressKey,
              UniqueFunction<void(Result<Verdict>)> done) override;
  void verifyDummy(std::string password, std::string addressKey, UniqueFunction<void(Result<Verdict>)> done) override;

 private:
  HashPool& pool_;
};

}  // namespace gw::lobby
