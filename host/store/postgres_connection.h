#pragma once
// Sessions on a PostgreSQL server, as the store needs them: bounded in time, in UTC, with SQLSTATEs in
// their failures. Internal to host/store.
//
// Poco 1.11 never frees the libpq connection of a failed attempt, nor one that broke; a long outage would
// fill the memory. So a server is tried with libpq first, and a broken session is reset before it goes.

#include <Poco/Data/Session.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "store/postgres_options.h"
#include "store/session_store.h"

namespace gw::store {

/// There is no connection, and why: unreachable, refused, wrong password, unreadable password file.
class PostgresUnreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Opens a session in place of `failed`, if there is one; see Reopen. Throws PostgresUnreachable,
/// Poco::Exception.
Poco::Data::Session openPostgres(const PostgresOptions& options, Durability durability,
                                 std::optional<Poco::Data::Session>& failed);

/// libpq's keyword=value form, which Poco splits at spaces. It may hold the password: never log it. Throws
/// PostgresUnreachable if a value holds a space or the password file cannot be read.
std::string connectionString(const PostgresOptions& options);

}  // namespace gw::store
