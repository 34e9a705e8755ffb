#include "store/sql_session_store.h"

#include "base/log.h"

namespace gw::store {

SqlSessionStore::SqlSessionStore(Poco::Data::Session session, const Dialect& dialect, std::string where)
    : sql_(std::move(session), dialect.keepsStatements), dialect_(dialect), where_(std::move(where)) {}

SqlSessionStore::~SqlSessionStore() {
  while (depth_ > 0) rollback();
}

Error SqlSessionStore::explainCaught() const {
  try {
    throw;
  } catch (const BadText& e) {
    return fail(ErrorCode::kInvalid, e.what());
  } catch (...) {
    return dialect_.explain(where_);
  }
}

Result<void> SqlSessionStore::begin() {
  auto begun = guarded([&]() -> Result<void> {
    sql_.once(depth_ == 0 ? dialect_.begin : "SAVEPOINT gw_" + std::to_string(depth_));
    return {};
  });
  if (begun.ok()) ++depth_;
  return begun;
}

Result<void> SqlSessionStore::commit() {
  if (depth_ == 0) return fail(ErrorCode::kInternal, "commit without begin");
  auto done = guarded([&]() -> Result<void> {
    sql_.once(depth_ == 1 ? "COMMIT" : "RELEASE SAVEPOINT gw_" + std::to_string(depth_ - 1));
    return {};
  });
  // A failed COMMIT (busy, full) can leave the transaction open.
  if (!done.ok()) {
    rollback();
  } else {
    --depth_;
  }
  return done;
}

void SqlSessionStore::rollback() {
  if (depth_ == 0) return;
  --depth_;
  try {
    if (depth_ == 0) {
      isBroken_ = false;
      sql_.once("ROLLBACK");
    } else if (!isBroken_) {
      const std::string name = "gw_" + std::to_string(depth_);
      sql_.once("ROLLBACK TO SAVEPOINT " + name);
      sql_.once("RELEASE SAVEPOINT " + name);
    }
  } catch (const std::exception&) {
    // The outermost: there is nothing left to undo. A savepoint: the database gave up the whole
    // transaction (full disk, I/O error), and what followed would be committed statement by statement.
    isBroken_ = depth_ > 0;
  }
}

}  // namespace gw::store
