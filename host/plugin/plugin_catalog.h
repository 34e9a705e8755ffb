#pragma once
// PluginCatalog: which channels there are, and the generation that serves each.
//
// scan() reads the notes of all *.so files in the configured folders without loading one; a file that
// cannot be a plugin is listed with the reason. A channel is loaded when its first account asks, shared
// by all its accounts, and unloaded when the last reference goes; the next load is a new generation.
// A channel is loaded from one file: the first that scan() found, until another one was adopted or promoted.
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
  std::string stateId;                  // of what its connections are moved by (gw.migrate/1); empty: they stay
  uint32_t stateVersion = 0, stateOldestImport = 0, stateOldestExport = 0;
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

  /// [any] What a file's note says, after the checks of the file gate; nothing is loaded or copied.
  Result<PluginNote> inspect(const std::string& file) const { return inspectPluginFile(file, gate_); }

  // A further generation beside those that live (channel/plugin_reload.h)
  /// [any] A checked copy under the channel's next number. file: empty for the one the channel has now. Fails as
  /// vetAndCopy, kNotFound, and kConflict if the file is of another channel.
  struct Candidate {
    std::string file;
    uint64_t number = 0;
    VettedCopy copy;
  };
  Result<Candidate> copyForReload(const std::string& channelId, const std::string& file);
  /// [any] The same of whichever channel the file is.
  Result<Candidate> copyForLoad(const std::string& file);
  /// [any] The same of the generation that keepPrevious() was last told of. Fails kNotFound: there is none.
  Result<Candidate> copyOfPrevious(const std::string& channelId);
  /// Its library stays on the disk, for a way back.
  void keepPrevious(const Generation& generation);
  /// A candidate that will not be loaded.
  void discard(const Candidate& candidate);
  /// [any] Its file is what the channel is loaded from, from now on. Fails kTooLarge at the bound of known files.
  Result<void> adopt(const Candidate& candidate);
  /// [control] It does not serve yet.
  Result<std::shared_ptr<Generation>> load(const Candidate& candidate);
  /// [control] generation() answers this one from now on, and its file is what the channel is loaded from.
  void promote(const std::shared_ptr<Generation>& generation);
  /// Those of a channel that are alive, oldest first. Any thread.
  std::vector<std::shared_ptr<Generation>> living(const std::string& channelId) const;
  std::vector<std::shared_ptr<Generation>> living() const;  // of all channels

 private:
  Error notFound(const std::string& channelId) const;
  Result<Candidate> copyOf(const std::string& channelId, const std::string& file, const GateOptions& gate);
  std::string previousFile(const std::string& channelId) const;
  std::string usableFile(const std::string& channelId) const;
  bool useFile(const std::string& channelId, const std::string& file, const std::string& version);  // holds mutex_
  uint64_t nextNumber(const std::string& channelId);
  void keepTrack(const std::shared_ptr<Generation>& generation);

  CatalogOptions options_;
  GateOptions gate_;
  const gw_host& host_;
  std::map<std::string, uint64_t> lastNumber_;                            // guarded by mutex_
  std::map<std::string, std::weak_ptr<Generation>> live_;                 // the one that serves; guarded by mutex_
  std::map<std::string, std::vector<std::weak_ptr<Generation>>> loaded_;  // all that may be alive; by mutex_
  std::map<std::string, std::string> previousOrigin_;  // the file that keepPrevious()'s was loaded from; by mutex_
  std::vector<CatalogEntry> entries_;                  // guarded by mutex_
  mutable std::mutex mutex_;
};

}  // namespace gw::plugin
