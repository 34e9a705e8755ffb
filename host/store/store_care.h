#pragma once
// StoreCare: what operators ask of the database as a whole, on a connection of its own: it neither waits
// for the store workers nor holds them up.
//
// Thread: one that may block for as long as the database is large; never an event loop. Fails: kBusy,
// kUnavailable, and where noted.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/postgres_options.h"

namespace gw::store {

struct StoreFacts {
  int schemaVersion = 0;
  uint64_t bytes = 0;
  uint64_t sessions = 0;
};

class StoreCare {
 public:
  virtual ~StoreCare() = default;

  virtual Result<StoreFacts> facts() = 0;
  /// Reads everything. What is wrong, a sentence each and at most kMostProblems; empty: it is sound.
  virtual Result<std::vector<std::string>> check() = 0;
  /// Writes a consistent copy into a new file of mode 0600, while the gateway works. Fails kInvalid for a
  /// relative path or where the database has programs of its own for that, kConflict if the file is there.
  virtual Result<void> backup(const std::string& file) = 0;
};

inline constexpr size_t kMostProblems = 20;

std::unique_ptr<StoreCare> sqliteCare(const std::string& file);
std::unique_ptr<StoreCare> postgresCare(const PostgresOptions& options);

/// The command line that backs the database up into `file`; it holds no secret.
std::string pgDumpCommand(const PostgresOptions& options, const std::string& file);

}  // namespace gw::store
