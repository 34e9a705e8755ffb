#pragma once
// RawStatement: a prepared statement on SQLite itself, for the few that run with each command. Poco 1.11 cannot run
// a statement without parameters (SAVEPOINT, BEGIN) a second time, and preparing it anew costs more than the command.
//
// Thread: one at a time. Throws std::runtime_error.

#include <sqlite3.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gw::backend {

class RawStatement {
 public:
  RawStatement(sqlite3* database, const char* sql) : database_(database) {
    check(sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
  }
  ~RawStatement() { sqlite3_finalize(statement_); }
  RawStatement(const RawStatement&) = delete;
  RawStatement& operator=(const RawStatement&) = delete;

  void bind(int place, int64_t value) { check(sqlite3_bind_int64(statement_, place, value)); }
  /// text and bytes must live until run() returns.
  void bind(int place, std::string_view text) {
    check(sqlite3_bind_text(statement_, place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC));
  }
  void bindBlob(int place, std::string_view bytes) {
    check(sqlite3_bind_blob64(statement_, place, bytes.data(), bytes.size(), SQLITE_STATIC));
  }
  void run() {
    const int result = sqlite3_step(statement_);
    sqlite3_reset(statement_);
    if (result != SQLITE_DONE && result != SQLITE_ROW) check(result);
  }

 private:
  void check(int result) const {
    if (result != SQLITE_OK) throw std::runtime_error(std::string("database: ") + sqlite3_errmsg(database_));
  }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace gw::backend
