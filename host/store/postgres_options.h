#pragma once
// Where a PostgreSQL server is and how long it may take.

#include <chrono>
#include <cstdint>
#include <string>

namespace gw::store {

struct PostgresOptions {
  std::string host = "127.0.0.1";  // a name, an address, or the folder of a Unix socket
  uint16_t port = 5432;
  std::string database = "gatehouse";
  std::string user = "gatehouse";
  std::string passwordFile;        // its first line; read at each connect. Empty: ~/.pgpass, peer or trust
  std::string sslMode = "prefer";  // as libpq's sslmode
  std::string caFile;              // empty: ~/.postgresql/root.crt, if it is needed
  std::chrono::milliseconds connectTimeout{5000};    // whole seconds, at least 2
  std::chrono::milliseconds statementTimeout{5000};  // also how long a vanished server is waited for
  // For the run before to be gone: longer than the server takes to notice that a machine has vanished.
  std::chrono::milliseconds claimTimeout{40'000};
};

/// "gatehouse@db.example.org:5432/gatehouse": for messages; no secret.
std::string placeOf(const PostgresOptions& options);

}  // namespace gw::store
