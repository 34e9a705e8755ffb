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
// Thread: begin() and await() any; the work is done on a thread of its own, what is [control] on the control
// thread. One reload at a time.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "channel/control_thread.h"
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
  uint64_t timeoutMs = 30'000;  // for the migration
  /// By account: other options for the code that runs. Nothing is loaded, and the other accounts are left alone.
  std::map<std::string, std::string> options{};
};

struct ReloadReport {
  uint64_t id = 0;
  std::string channelId;
  std::string file;
  uint64_t fromGeneration = 0, toGeneration = 0;
  std::string fromVersion, toVersion;
  std::string step = "checking";
  std::string outcome;  // "": it runs; committed | partial | refused | rolledBack | checked
  std::string why;
  plugin::MigrationFigures figures;         // of all accounts; without slicesNs
  uint64_t sliceP99Us = 0, sliceMaxUs = 0;  // how long a loop was busy with it at a time
  std::string former;                       // what became of the old generation: unloaded | leaked | serving
  int64_t startedAtUs = 0;
  uint64_t tookMs = 0;
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
  };
  explicit PluginReloader(Parts parts);
  ~PluginReloader();

  void start() { thread_.start(); }
  void stop();
  /// Fails kConflict while another reload runs; new options wait for their turn.
  Result<ReloadReport> begin(ReloadOrder order);
  /// Waits up to waitMs for its end; as it is then. kNotFound: unknown, or long ago.
  Result<ReloadReport> await(uint64_t id, uint64_t waitMs) const;

 private:
  class Run;
  void publish(const ReloadReport& report);

  Parts parts_;
  ControlThread thread_{"reload", 64};
  std::atomic<int> underWay_{0};
  std::atomic<bool> isStopping_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable ended_;
  uint64_t nextId_ = 1;                // guarded by mutex_
  std::vector<ReloadReport> reports_;  // guarded by mutex_
};

}  // namespace gw::channel
