#pragma once
// An empty database on the process's PostgreSQL server, and how the store reaches it.

#include "store/postgres_options.h"
#include "support/postgres_server.h"

namespace gw::test {

inline store::PostgresOptions newPostgresDatabase(PostgresServer& server = PostgresServer::shared()) {
  store::PostgresOptions options;
  options.host = server.host();
  options.port = server.port();
  options.user = server.user();
  options.passwordFile = server.passwordFile();
  options.database = server.newDatabase();
  return options;
}

}  // namespace gw::test
