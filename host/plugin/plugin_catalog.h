#pragma once
// PluginCatalog: which channels there are, and the generation that serves each.
//
// scan() reads the notes of all *.so files in the configured folders without loading one; a file that
// cannot be a plugin is listed with the reason. A channel is loaded when its first account asks, shared
// by all its accounts, and unloaded when the last reference goes; the next load is a new generation.
// Thread: scan, prepare and generation [control]; entries() any thread.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "plugin/file_gate.h"
#include "plugin/generation.h"

namespace gw::plugin {

struct CatalogEntry {
  std::string file;
  std::string channelId;  // empty if refused before its note was read
  std::string version;
  std::string refusedReason;  // empty: usable
  uint64_t generation = 0;    // the loaded one; 0: not loaded
  // Known once loaded:
  std::string sha256;  // of the copy
  std::string name;
  std::string vendor;
  std::string license;
  std::vector<std::string> extensions;  // "gw.stream/1", ...
  int64_t loadedAtUs = 0;
};

struct CatalogOptions {
  std::vector<std::string> dirs;
  std::string copiesDir;  // STATE_DIR/generations
  size_t maxFiles = 256;  // further files are not looked at, and a warning says so
};

class PluginCatalog {
 public:
  /// host must outlive everything that is loaded.
  PluginCatalog(CatalogOptions options, const gw_host& host);

  /// [start-up] Makes copiesDir usable (file_gate.h), then scans.
  Result<void> prepare();
  void scan();
  std::vector<CatalogEntry> entries() const;

  /// The live generation of a channel, loaded now if there is none. Fails: kNotFound if no folder has
  /// such a plugin (the message says where was looked, or why the file was refused), else as
  /// Generation::load.
  Result<std::shared_ptr<Generation>> generation(const std::string& channelId);

 private:
  Error notFound(const std::string& channelId) const;

  CatalogOptions options_;
  GateOptions gate_;
  const gw_host& host_;
  std::map<std::string, uint64_t> lastNumber_;             // [control]
  std::map<std::string, std::weak_ptr<Generation>> live_;  // guarded by mutex_
  std::vector<CatalogEntry> entries_;                      // guarded by mutex_
  mutable std::mutex mutex_;
};

}  // namespace gw::plugin
