#pragma once
// Store: the SQLite database: the ledger on disk beside the author's tables. WAL.
//
// Thread: the worker's (and the constructing one, before). Throws Poco::Exception or std::runtime_error; after a
// failed commit() the memory knows more than the disk: end the process.

#include <cstdint>
#include <memory>
#include <string>

#include "gw/backend/link.hpp"
#include "ledger.h"

namespace Poco::Data {
class Session;
}

namespace gw::backend {

class Store {
 public:
  /// Makes the file and our tables if need be; takes the database for this process alone.
  Store(const std::string& file, Durability durability);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::string& instance() const;
  Poco::Data::Session& session();
  void load(Ledger& ledger);

  void begin();
  /// Stores what was touched with what was written since begin(). Now and then a checkpoint goes with it.
  void commit(Ledger& ledger);
  /// Only for a start that failed.
  void rollback();
  /// The next commit() makes a checkpoint.
  void wantCheckpoint();

  /// Around one call of the author's.
  void mark();
  void keep();
  void undo();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::backend
