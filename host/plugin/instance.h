#pragma once
// Instance: a channel account of one generation; what a plugin knows as gw_host_inst.
// Lifecycle calls [control]; raw(), counters and identity from any thread.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "plugin/generation.h"
#include "plugin/work_job.h"

namespace gw::plugin {

/// What an account counts, whichever of its instances does the work. Updated on the loops; read by anyone.
struct AccountTotals {
  std::atomic<uint64_t> accepted{0};
  std::atomic<int64_t> lastActivityUs{0};
  std::atomic<uint64_t> encodeCalls{0};  // gw.encode/1 encode: once per (event, class, loop)
  WorkTotals work;                       // gw.work/1
};

/// Of one instance: updated by its streams on their loops; read by anyone.
struct InstanceCounters {
  std::atomic<int64_t> connections{0};
  std::atomic<uint64_t> opened{0};
  std::atomic<uint64_t> slowCallbacks{0};
  std::atomic<bool> quarantined{false};  // refuses accepts
  // When the latest slow callbacks ended; kept by callback_guard.cpp.
  std::array<std::atomic<uint64_t>, 4> slowStampsNs{};
  std::atomic<uint32_t> slowCount{0};
};

/// What a plugin says of an instance.
struct PluginHealth {
  uint32_t level = GW_HEALTH_OK;
  std::string text;  // at most 256 bytes
};

struct CallbackOwner;  // plugin/callback_guard.h

class Instance {
 public:
  /// [control] validate_config, create. Fails with the plugin's sentence.
  /// totals: of the account, where another instance of it came before.
  /// The last reference may be dropped on any thread: destroy then runs where reaper.h says.
  static Result<std::shared_ptr<Instance>> create(
      std::shared_ptr<Generation> generation, std::string accountId, std::string optionsJson,
      std::shared_ptr<AccountTotals> totals = std::make_shared<AccountTotals>());
  ~Instance();  // destroy
  Instance(const Instance&) = delete;

  Result<void> start();
  /// [control] gw.health/1 selftest; good if the plugin has none.
  Result<void> selfTest();
  /// [control] gw.health/1 report: what the plugin says of itself (GW_HEALTH_*); OK if it says nothing.
  PluginHealth health();
  /// [control] Whether it could have these. Fails kInvalid with the plugin's sentence.
  Result<void> checkOptions(const std::string& optionsJson);
  /// [control] Other options. kNeedsInstance: they are good, and another instance must be made with them. Fails
  /// kInvalid with the plugin's sentence: nothing has changed.
  enum class Reconfigured { kApplied, kNeedsInstance };
  Result<Reconfigured> reconfigure(const std::string& optionsJson);
  /// What asks for a connection from now on is refused.
  void drain(uint64_t deadlineMs);
  void stop();
  /// Any thread.
  bool isLeaving() const { return isLeaving_.load(std::memory_order_acquire); }

  gw_inst* raw() const { return raw_; }
  const Generation& generation() const { return *generation_; }
  const std::shared_ptr<Generation>& sharedGeneration() const { return generation_; }
  const std::string& accountId() const { return accountId_; }  // "telnet:default"
  /// Its streams go to another instance; those that come late, after it. Null: they stay. Any thread.
  void setSuccessor(std::shared_ptr<Instance> successor);
  std::shared_ptr<Instance> successor() const;

  InstanceCounters& counters() { return counters_; }
  AccountTotals& totals() { return *totals_; }
  const std::shared_ptr<AccountTotals>& sharedTotals() const { return totals_; }
  const CallbackOwner& callbackOwner() const { return *owner_; }  // lives for ever

  gw_host_inst* asHostInst() { return reinterpret_cast<gw_host_inst*>(this); }
  static Instance& from(gw_host_inst* inst) { return *reinterpret_cast<Instance*>(inst); }

 private:
  Instance() = default;
  std::shared_ptr<Generation> generation_;
  std::string accountId_;
  const CallbackOwner* owner_ = nullptr;
  gw_inst* raw_ = nullptr;
  bool started_ = false;
  std::atomic<bool> isLeaving_{false};
  InstanceCounters counters_;
  std::shared_ptr<AccountTotals> totals_;
  mutable std::mutex successorMutex_;
  std::weak_ptr<Instance> successor_;  // the account keeps it
};

}  // namespace gw::plugin
