#pragma once
// Generation: one load of a plugin's library. Held by shared_ptr from everything that may still call
// into it (instances, and through them streams); the last one unloads it, on the control thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "gw/config.h"
#include "gw/encode.h"
#include "gw/health.h"
#include "gw/http.h"
#include "gw/login.h"
#include "gw/migrate.h"
#include "gw/plugin.h"
#include "gw/stream.h"
#include "gw/work.h"

namespace gw::plugin {

class Library;
struct CallbackOwner;
struct GateOptions;  // plugin/file_gate.h
struct VettedCopy;

class Generation {
 public:
  /// [control] Checks the file (file_gate.h, elf/elf_inspect.h), copies it to `copiesDir`, loads the copy,
  /// calls the entry and init. Fails with one sentence that names the file and the reason; a plugin
  /// that throws, returns null or lacks a required extension fails here and nowhere else.
  static Result<std::shared_ptr<Generation>> load(const std::string& file, const std::string& copiesDir,
                                                  uint64_t number, const gw_host& host);
  /// The same, with what the file gate should ask for beyond its defaults (allowed folders).
  static Result<std::shared_ptr<Generation>> load(const std::string& file, const std::string& copiesDir,
                                                  uint64_t number, const gw_host& host, const GateOptions& gate);
  /// [control] Loads a copy that vetAndCopy() has made of `file`; it is gone at the generation's end, or if this
  /// fails.
  static Result<std::shared_ptr<Generation>> load(const std::string& file, const VettedCopy& copy, uint64_t number,
                                                  const gw_host& host);
  ~Generation();
  /// Names it in the ledger (generation_ledger.h).
  uint64_t serial() const { return serial_; }
  Generation(const Generation&) = delete;

  uint64_t number() const { return number_; }
  const std::string& channelId() const { return channelId_; }
  const std::string& version() const { return version_; }
  const std::string& file() const { return file_; }      // the original
  const std::string& sha256() const { return sha256_; }  // of the copy
  const std::string& copy() const { return copy_; }      // its path
  int64_t loadedAtUs() const { return loadedAtUs_; }     // UTC

  const gw_plugin& plugin() const { return *plugin_; }
  const gw_descriptor& descriptor() const { return descriptor_; }
  const gw_stream_ext& stream() const { return *stream_; }  // required
  const gw_encode_ext& encode() const { return *encode_; }  // required
  const gw_http_ext* http() const { return http_; }
  const gw_health_ext* health() const { return health_; }
  const gw_config_ext* config() const { return config_; }
  const gw_login_ext* login() const { return login_; }
  const gw_work_ext* work() const { return work_; }
  const gw_migrate_ext* migrate() const { return migrate_; }
  /// Any thread. Functions of it that wait for a thread or run on one (gw/work.h); each holds it.
  uint64_t pendingWork() const { return pendingWork_.load(std::memory_order_relaxed); }
  void countWork(int delta) { pendingWork_.fetch_add(static_cast<uint64_t>(delta), std::memory_order_relaxed); }
  /// Null: its connections do not move.
  const gw_state_schema* stateSchema() const { return migrate_ ? &stateSchema_ : nullptr; }

 private:
  Generation();
  Result<void> enter(const gw_host& host, const CallbackOwner& owner);
  Result<void> checkTables();
  Result<void> readStateSchema(const CallbackOwner& owner);
  Result<void> initialise(const gw_host& host, const CallbackOwner& owner);

  const uint64_t serial_;
  uint64_t number_ = 0;
  int64_t loadedAtUs_ = 0;
  std::string channelId_, version_, file_, sha256_, copy_;
  std::unique_ptr<Library> library_;
  const gw_plugin* plugin_ = nullptr;
  gw_descriptor descriptor_{};  // as far as the plugin wrote it; so is stateSchema_
  const gw_stream_ext* stream_ = nullptr;
  const gw_encode_ext* encode_ = nullptr;
  const gw_http_ext* http_ = nullptr;
  const gw_health_ext* health_ = nullptr;
  const gw_config_ext* config_ = nullptr;
  const gw_login_ext* login_ = nullptr;
  const gw_work_ext* work_ = nullptr;
  const gw_migrate_ext* migrate_ = nullptr;
  gw_state_schema stateSchema_{};
  std::atomic<uint64_t> pendingWork_{0};
  bool initialised_ = false;
};

}  // namespace gw::plugin
