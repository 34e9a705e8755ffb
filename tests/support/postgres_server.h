#pragma once
// PostgresServer: a PostgreSQL server of the test's own, on the Debian package's programs. It listens on
// 127.0.0.1 and in its folder, asks for a password on TCP, forgets fsync, and is gone with its data when
// the object or the process ends, however it ends. Not thread-safe.
//
// initdb runs once a build folder; each server starts on a copy. Run by root, the server is another user's:
// PostgreSQL refuses root.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "support/child_process.h"

namespace gw::test {

class PostgresServer {
 public:
  /// Starts. Throws std::runtime_error, with the end of its log.
  PostgresServer();
  ~PostgresServer();
  /// One a process, started when first asked for.
  static PostgresServer& shared();

  /// As a crash of the machine: connections break, nothing is said to clients.
  void stopImmediately();
  /// On the same port, with the same data.
  void start();

  /// An empty database; its name.
  std::string newDatabase();
  /// Runs SQL as superuser, over the Unix socket; the first column of the first row, or "".
  std::string query(const std::string& database, const std::string& sql);

  std::string host() const { return "127.0.0.1"; }
  uint16_t port() const { return port_; }
  std::string user() const { return "gatehouse"; }
  /// A file with the password of user().
  std::string passwordFile() const { return folder_.file("password"); }
  std::string log() const;

 private:
  bool tryStart();

  TempFolder folder_;
  uint16_t port_ = 0;
  int databases_ = 0;
  int starts_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace gw::test
