#pragma once
// What PostgreSQL's failures mean to the gateway. Internal to host/store.

#include <string>
#include <string_view>

#include "base/result.h"

namespace gw::store {

/// Explains the exception in flight by its SQLSTATE: deadlock, lock or statement timeout -> kBusy; no
/// connection, shutdown, no room, read-only -> kUnavailable; a broken constraint -> kConflict; else
/// kInternal. The message names `where` (a server) and holds no values of the statement.
Error explainPostgres(const std::string& where);

/// "23505" of "[PostgreSQL]: postgresql_stmt_execute error: ERROR:  23505: duplicate key ..."; empty: none, then libpq
/// speaks and not the server.
std::string_view sqlStateOf(std::string_view message);

}  // namespace gw::store
