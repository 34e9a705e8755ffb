#pragma once
// PluginReloader: other code of a plugin comes below live connections.
//
//   checking ─▶ probing ─▶ loading ─▶ (canary) ─▶ migrating ─▶ settling ─▶ done
//
// checking: the file becomes a private copy (file_gate.h). probing: the copy is tried in a process of its own.
// loading: it is loaded beside the old generation, and each running account gets a second instance. canary: new
// clients come to it first. migrating: live connections move (plugin/migration.h). settling: the old generation
// goes when nothing holds it any more.
//
// Up to migrating whatever fails leaves the old generation serving (outcome refused). If too many connections
// cannot be taken over, or the canary is not well, all go back (rolledBack). What cannot move stays on the old
// generation until it closes (partial); each later reload tries those again.
//
// It also does what else changes which code there is, one after the other with reloads: load() makes a new file
// known (plugin_load.cpp), drain() and unload() let go of code (plugin_retire.cpp).
//
// Thread: what begins work, await() and totals() any; the work is done on a thread of its own, what is [control] on
// the control thread. One at a time.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "channel/control_thread.h"
#include "plugin/library.h"
#include "plugin/migration.h"
#include "plugin/plugin_catalog.h"
#include "plugin/stream_acceptor.h"

namespace gw::channel {

class ChannelAccount;
class ChannelManager;

struct ReloadOrder {
  std::string channelId;
  std::string file;             // empty: the one that the channel has
  bool toPrevious = false;      // instead of `file`: the generation that served before this one
  uint32_t canaryClients = 0;   // so many new clients first; 0: no canary
  uint64_t canaryMs = 30'000;   // or so long
  uint64_t drainOldestMs = 0;   // at the bound of generations: close the oldest one's connections
  bool isDryRun = false;        // stops after probing
  uint64_t probeMs = 10'000;    // a probe that takes longer hangs
  uint64_t timeoutMs = 30'000;  // for the migration
  /// By account: other options for the code that runs. Nothing is loaded, and the other accounts are left alone.
  std::map<std::string, std::string> options{};
};

struct ReloadReport {
  uint64_t id = 0;
  std::string verb = "reload";  // or rollback, load, drain, unload
  bool isDryRun = false;
  std::string channelId;  // empty: a load has not read it yet
  std::string file;
  uint64_t fromGeneration = 0, toGeneration = 0;
  std::string fromVersion, toVersion;
  std::string step = "checking";
  std::string outcome;  // "": it runs; committed | partial | refused | rolledBack | checked
  std::string why;
  plugin::MigrationFigures figures;         // of all accounts; without slicesNs
  uint64_t cutOff = 0;                      // of those that a drain found: had not left at the end of the grace
  std::vector<std::string> started;         // accounts, by a load
  uint64_t sliceP99Us = 0, sliceMaxUs = 0;  // how long a loop was busy with it at a time
  std::string former;                       // what became of the old generation: unloaded | leaked | kept | serving
  int64_t startedAtUs = 0;
  uint64_t tookMs = 0;
};

/// Of a channel since the start: how its reloads and rollbacks ended (dry runs do not count), and their connections.
struct ReloadTotals {
  uint64_t committed = 0, partial = 0, refused = 0, rolledBack = 0;
  uint64_t moved = 0, stayed = 0, failed = 0;
};

class PluginReloader {
 public:
  static constexpr size_t kMostGenerations = 3;  // of a plugin, alive at once
  static constexpr uint64_t kMostLeaked = 8;
  static constexpr size_t kMostReports = 16;

  struct Parts {
    ChannelManager& channels;
    plugin::PluginCatalog& catalog;
    plugin::StreamAcceptor& acceptor;
    ControlThread& control;
    const Clock& clock;
    std::string program;             // gwhost itself, for the probe
    std::function<void()> onChange;  // on the reload thread: other code serves
    uint64_t settleMs = 2'000;       // how long the end of a generation that nothing should hold is waited for
  };
  explicit PluginReloader(Parts parts);
  ~PluginReloader();

  void start() { thread_.start(); }
  void stop();
  /// Fails kConflict while another reload, or other work of this thread, is under way; new options wait for their turn.
  Result<ReloadReport> begin(ReloadOrder order);
  /// A file that is not known yet, or takes the place of the one that is: checked, probed, and then what the channel is
  /// loaded from. Accounts that wait for their plugin in error are started (outcome partial if not all could be).
  /// Fails kConflict: as begin(), and if the channel is loaded.
  Result<ReloadReport> load(const std::string& file);
  /// Closes the connections that are still on a generation, which may take so long to leave; it ends with them (outcome
  /// partial if it does not). Fails kNotFound: it does not live; kConflict: as begin(), and if new clients come to it.
  Result<ReloadReport> drain(const std::string& channelId, uint64_t generation, uint64_t graceMs);
  /// Waits up to limitMs until nothing holds the channel's code any more; says what became of its library (outcome
  /// partial if something still holds it). Fails kNotFound: no such channel; kConflict: as begin(), if it was never
  /// loaded, and while accounts run, naming them.
  Result<ReloadReport> unload(const std::string& channelId, uint64_t limitMs);
  /// Whether a reload or rollback of this channel is under way, or waits for its turn.
  bool isReloading(const std::string& channelId) const;
  /// Waits up to waitMs for its end; as it is then. kNotFound: unknown, or long ago.
  Result<ReloadReport> await(uint64_t id, uint64_t waitMs) const;
  ReloadTotals totals(const std::string& channelId) const;

 private:
  class Run;
  /// Fills in the outcome; what it throws is a refusal.
  using Work = UniqueFunction<void(ReloadReport&)>;
  Result<ReloadReport> enqueue(ReloadReport report, bool mayWait, Work work);
  void perform(ReloadReport report, Work& work);
  void count(const ReloadReport& report);
  void publish(const ReloadReport& report);
  void enter(ReloadReport& report, const char* step);
  /// On the control thread.
  Result<void> controlled(UniqueFunction<Result<void>()> work);
  static Error tooManyLeaked();

  // plugin_load.cpp
  Result<void> refuseIfLoaded(const std::string& channelId, const std::string& file) const;
  Result<void> loadNew(ReloadReport& report);
  Result<void> startWaiting(ReloadReport& report, const plugin::PluginCatalog::Candidate& candidate);

  // plugin_retire.cpp; what became of a library, or nothing if it is still held
  using End = std::optional<plugin::LibraryEnd>;
  End closeGeneration(ReloadReport& report, std::shared_ptr<plugin::Generation> ending, uint64_t graceMs);
  End awaitEnd(uint64_t serial, uint64_t limitMs) const;
  void unloadAll(ReloadReport& report, uint64_t limitMs);
  void conclude(ReloadReport& report, End end) const;

  Parts parts_;
  ControlThread thread_{"reload", 64};
  std::atomic<bool> isStopping_{false};
  mutable std::mutex mutex_;  // for what follows
  mutable std::condition_variable ended_;
  size_t underWay_ = 0;
  uint64_t nextId_ = 1;
  std::string current_;  // "reload of mover"
  std::vector<ReloadReport> reports_;
  std::map<std::string, ReloadTotals> totals_;  // of channels that were known: as many as there are plugins
};

}  // namespace gw::channel
