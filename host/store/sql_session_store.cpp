#include "store/sql_session_store.h"

namespace gw::store {

SqlSessionStore::SqlSessionStore(Poco::Data::Session session, const Dialect& dialect, std::string where, Reopen reopen)
    : sql_(std::move(session), dialect.keepsStatements),
      dialect_(dialect),
      where_(std::move(where)),
      reopen_(std::move(reopen)) {}

SqlSessionStore::~SqlSessionStore() {
  while (depth_ > 0) rollback();
}

Error SqlSessionStore::noteFailure() {
  Error why = dialect_.explain(where_);
  if (!reopen_) return why;
  mustRenew_ = true;
  isLost_ = !sql_.isConnected();
  if (isLost_) why.code = ErrorCode::kUnavailable;
  if (depth_ > 0 && isLost_) {
    broken_ = Broken{1, why};
  } else if (depth_ > 0) {
    // A server that refused one statement refuses all that follow, and would take COMMIT for ROLLBACK. Who
    // ignored the failure must not be told "try again": it would fail again.
    broken_ = Broken{
        depth_, fail(ErrorCode::kInternal, where_ + ": an earlier failure ended this transaction: " + why.message)};
  }
  return why;
}

// Only between transactions: within one, a session that failed goes on after ROLLBACK TO SAVEPOINT.
Result<void> SqlSessionStore::renewSession() {
  if (!mustRenew_ || depth_ > 0) return {};
  try {
    if (auto session = sql_.release()) failed_ = std::move(session);
    sql_.use(reopen_(failed_));
  } catch (const std::exception&) {
    return dialect_.explain(where_);
  }
  mustRenew_ = isLost_ = false;
  return {};
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
  if (broken_ && broken_->depth <= depth_) return;  // an outer level is gone, and this one with it
  broken_.reset();
  try {
    if (depth_ == 0) {
      sql_.once("ROLLBACK");
    } else {
      const std::string name = "gw_" + std::to_string(depth_);
      sql_.once("ROLLBACK TO SAVEPOINT " + name);
      sql_.once("RELEASE SAVEPOINT " + name);
    }
  } catch (const std::exception&) {
    mustRenew_ = reopen_ != nullptr;
    if (depth_ == 0) return;  // there is nothing left to undo
    // The database gave up the whole transaction (full disk, I/O error, lost connection), and what followed
    // would be committed statement by statement.
    broken_ = Broken{1, fail(ErrorCode::kUnavailable, where_ + ": the transaction was ended by the database")};
  }
}

}  // namespace gw::store
