#include "backend/lobby/password_hasher.h"

#include "base/hash_pool.h"

namespace gw::lobby {
namespace {

HashPool::VerifyDone adapted(UniqueFunction<void(Result<Verdict>)> done) {
  return [done = std::move(done)](Result<VerifyResult> result) mutable {
    if (!result) return done(result.error());
    done(Verdict{result->ok, result->needsRehash});
  };
}

}  // namespace

void PoolPasswordHasher::hash(std::string password, std::string addressKey,
                              UniqueFunction<void(Result<std::string>)> done) {
  pool_.hash(std::move(password), addressKey, std::move(done));
}

void PoolPasswordHasher::verify(std::string stored, std::string password, std::string addressKey,
                                UniqueFunction<void(Result<Verdict>)> done) {
  pool_.verify(std::move(stored), std::move(password), addressKey, adapted(std::move(done)));
}

void PoolPasswordHasher::verifyDummy(std::string password, std::string addressKey,
                                     UniqueFunction<void(Result<Verdict>)> done) {
  pool_.verifyDummy(std::move(password), addressKey, adapted(std::move(done)));
}

}  // namespace gw::lobby
