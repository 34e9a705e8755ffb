#include "base/hash_pool.h"

#include <sodium.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

namespace gw {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr size_t kMemoryBytes = size_t{19456} * 1024;
constexpr long long kRetryAfterMs = 1000;

Result<std::string> hashNow(const std::string& password) {
  char phc[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(phc, password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::kUnavailable, "not enough memory to hash a password");
  }
  return std::string(phc);
}

VerifyResult verifyNow(const std::string& phc, const std::string& password) {
  VerifyResult result;
  result.ok = crypto_pwhash_str_verify(phc.c_str(), password.data(), password.size()) == 0;
  result.needsRehash = result.ok && crypto_pwhash_str_needs_rehash(phc.c_str(), kPasses, kMemoryBytes) != 0;
  return result;
}

// What unknown users are checked against. The text is random, so nothing ever matches; the cost is the
// same because the parameters are.
const std::string& dummyPhc() {
  static const std::string phc = [] {
    std::string secret(32, '\0');
    randombytes_buf(secret.data(), secret.size());
    auto made = hashNow(secret);
    return made.ok() ? *made : std::string();
  }();
  return phc;
}

void lowerPriority(int niceness) {
  // On Linux a thread id names one thread here. A refusal only costs fairness, so it is not an error.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
}

struct Job {
  std::string address;
  std::string password;
  UniqueFunction<void(const std::string& password)> run;  // calls done
  UniqueFunction<void(Error)> refuse;                     // calls done
  Job() = default;
  Job(Job&&) = default;
  Job& operator=(Job&&) = default;
  ~Job() {
    if (!password.empty()) sodium_memzero(password.data(), password.size());
  }
};

// Jobs of one address, in order. `ready_` holds the addresses that may run: those with jobs and none running.
struct Line {
  std::deque<Job> waiting;
  bool isRunning = false;
};

}  // namespace

class HashPool::Impl {
 public:
  explicit Impl(const Options& options) : options_(options) {
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { run(); });
  }

  ~Impl() {
    std::vector<Job> left;
    {
      const std::lock_guard lock(mutex_);
      isStopping_ = true;
      for (auto& [key, line] : lines_) {
        for (auto& job : line.waiting) left.push_back(std::move(job));
        line.waiting.clear();
      }
      ready_.clear();
      figures_.waiting = 0;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
    for (auto& job : left) job.refuse(fail(ErrorCode::kUnavailable, "the gateway is stopping"));
  }

  void submit(Job job) {
    Error why;
    {
      const std::lock_guard lock(mutex_);
      if (admit(job, why)) {
        enqueue(std::move(job));
        wake_.notify_one();
        return;
      }
      ++figures_.refused;
    }
    job.refuse(std::move(why));
  }

  HashPoolFigures figures() const {
    const std::lock_guard lock(mutex_);
    return figures_;
  }

 private:
  bool admit(const Job& job, Error& why) const {
    if (figures_.waiting >= options_.queueLimit) {
      why = fail(ErrorCode::kUnavailable, "too many logins at once; try again");
      why.retryAfterMs = kRetryAfterMs;
      return false;
    }
    const auto line = lines_.find(job.address);
    if (!job.address.empty() && line != lines_.end() && line->second.waiting.size() >= options_.perAddressLimit) {
      why = fail(ErrorCode::kRateLimited, "too many logins at once from this address; try again");
      why.retryAfterMs = kRetryAfterMs;
      return false;
    }
    return true;
  }

  void enqueue(Job job) {
    // Keyless jobs get a line each (NUL cannot begin an address), so that they run side by side.
    std::string key = job.address.empty() ? std::string("\0", 1) + std::to_string(nextKeyless_++) : job.address;
    Line& line = lines_[key];
    line.waiting.push_back(std::move(job));
    ++figures_.waiting;
    if (!line.isRunning && line.waiting.size() == 1) ready_.push_back(std::move(key));
  }

  void run() {
    lowerPriority(options_.niceness);
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return isStopping_ || !ready_.empty(); });
      if (isStopping_) return;
      const std::string key = std::move(ready_.front());
      ready_.pop_front();
      Line& line = lines_[key];
      Job job = std::move(line.waiting.front());
      line.waiting.pop_front();
      line.isRunning = true;
      --figures_.waiting;
      ++figures_.running;
      lock.unlock();
      job.run(job.password);
      job = Job();  // wiped, and what `done` held is released, outside the lock
      lock.lock();
      --figures_.running;
      ++figures_.finished;
      settle(key);
    }
  }

  void settle(const std::string& key) {
    const auto it = lines_.find(key);
    it->second.isRunning = false;
    if (it->second.waiting.empty()) {
      lines_.erase(it);
    } else {
      ready_.push_back(key);
      wake_.notify_one();
    }
  }

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<std::string, Line> lines_;
  std::deque<std::string> ready_;
  HashPoolFigures figures_;
  uint64_t nextKeyless_ = 0;
  bool isStopping_ = false;
  std::vector<std::thread> threads_;
};

HashPool::HashPool(const Options& options) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
  impl_ = std::make_unique<Impl>(options);
}

HashPool::~HashPool() = default;

namespace {

// Both ways of answering a job share one `done`; exactly one of them is taken.
template <typename Done, typename Compute>
Job makeJob(std::string password, std::string_view addressKey, Done done, Compute compute) {
  auto shared = std::make_shared<Done>(std::move(done));
  Job job;
  job.address = std::string(addressKey);
  job.password = std::move(password);
  job.run = [shared, compute = std::move(compute)](const std::string& secret) { (*shared)(compute(secret)); };
  job.refuse = [shared](Error why) { (*shared)(std::move(why)); };
  return job;
}

}  // namespace

void HashPool::hash(std::string password, std::string_view addressKey, HashDone done) {
  if (password.empty()) return done(fail(ErrorCode::kInvalid, "the password is empty"));
  if (password.size() > kMaxPasswordBytes) {
    sodium_memzero(password.data(), password.size());
    return done(fail(ErrorCode::kTooLarge, "the password is longer than 256 bytes"));
  }
  impl_->submit(makeJob(std::move(password), addressKey, std::move(done),
                        [](const std::string& secret) { return hashNow(secret); }));
}

void HashPool::verify(std::string phc, std::string password, std::string_view addressKey, VerifyDone done) {
  // Also impossible passwords are hashed (cut): the time must not tell that they were not looked at.
  const bool isPossible = !password.empty() && password.size() <= kMaxPasswordBytes;
  if (!isPossible) return verifyDummy(std::move(password), addressKey, std::move(done));
  impl_->submit(makeJob(
      std::move(password), addressKey, std::move(done),
      [phc = std::move(phc)](const std::string& secret) -> Result<VerifyResult> { return verifyNow(phc, secret); }));
}

void HashPool::verifyDummy(std::string password, std::string_view addressKey, VerifyDone done) {
  if (password.size() > kMaxPasswordBytes) {
    sodium_memzero(password.data() + kMaxPasswordBytes, password.size() - kMaxPasswordBytes);
    password.resize(kMaxPasswordBytes);
  }
  impl_->submit(
      makeJob(std::move(password), addressKey, std::move(done), [](const std::string& secret) -> Result<VerifyResult> {
        (void)verifyNow(dummyPhc(), secret);
        return VerifyResult{};
      }));
}

HashPoolFigures HashPool::figures() const { return impl_->figures(); }

}  // namespace gw
