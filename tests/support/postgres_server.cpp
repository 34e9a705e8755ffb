#include "support/postgres_server.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace gw::test {
namespace {

namespace fs = std::filesystem;

// What a connection string must quote.
constexpr char kPassword[] = "sesame'open\\7";
constexpr int kStartAttempts = 5;

std::string programFolder() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (fs::exists(version.path() / "bin/postgres")) found.push_back((version.path() / "bin").string());
  }
  if (found.empty())
    throw std::runtime_error("no PostgreSQL server in /usr/lib/postgresql: install the package postgresql");
  return *std::max_element(found.begin(), found.end());
}

struct Owner {
  uid_t uid;
  gid_t gid;
};

/// Whom the server runs as.
Owner serverOwner() {
  if (geteuid() != 0) return {geteuid(), getegid()};
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name)) return {user->pw_uid, user->pw_gid};
  }
  throw std::runtime_error("there is neither a user postgres nor nobody to run PostgreSQL as");
}

/// The command as the server's user; the signal ends it when this process does.
std::vector<std::string> asServerUser(const std::string& program, std::vector<std::string> arguments) {
  std::vector<std::string> argv{"setpriv"};
  if (geteuid() == 0) {
    const Owner owner = serverOwner();
    argv.insert(argv.end(),
                {"--reuid=" + std::to_string(owner.uid), "--regid=" + std::to_string(owner.gid), "--clear-groups"});
  }
  argv.insert(argv.end(), {"--pdeathsig=QUIT", programFolder() + "/" + program});
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

void giveToServer(const std::string& path) {
  if (geteuid() != 0) return;
  const Owner owner = serverOwner();
  const auto give = [&](const std::string& one) {
    if (::lchown(one.c_str(), owner.uid, owner.gid) != 0) throw std::runtime_error("cannot chown " + one);
  };
  give(path);
  if (!fs::is_directory(path)) return;
  for (const auto& entry : fs::recursive_directory_iterator(path)) give(entry.path().string());
}

/// A data folder fresh from initdb, kept in the build folder. Several processes may make it at once; the first wins.
const std::string& templateFolder() {
  static const std::string folder = [] {
    const std::string kept = GW_TEST_POSTGRES_TEMPLATE;
    if (fs::exists(kept)) return kept;
    const TempFolder scratch;
    giveToServer(scratch.write("password", kPassword));
    giveToServer(scratch.path());
    const Outcome made = run(asServerUser("initdb", {"--pgdata=" + scratch.file("data"), "--username=gatehouse",
                                                     "--pwfile=" + scratch.file("password"), "--auth-local=trust",
                                                     "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
                                                     "--wal-segsize=1", "--no-sync", "--no-instructions"}),
                             "/");
    if (made.exit != 0) throw std::runtime_error("initdb: " + made.out + made.err);
    const std::string mine = kept + "." + std::to_string(::getpid());
    fs::copy(scratch.file("data"), mine, fs::copy_options::recursive);
    std::error_code wasThere;
    fs::rename(mine, kept, wasThere);
    if (wasThere) fs::remove_all(mine);
    return kept;
  }();
  return folder;
}

/// A thousand small files take seconds on some disks and nothing in memory.
std::string fastFolder() {
  constexpr uintmax_t kEnough = uintmax_t{1} << 30;
  std::error_code isAbsent;
  const fs::space_info memory = fs::space("/dev/shm", isAbsent);
  return !isAbsent && memory.available >= kEnough ? "/dev/shm" : fs::temp_directory_path().string();
}

uint16_t freePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool isBound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(fd);
  if (!isBound) throw std::runtime_error("no free TCP port on 127.0.0.1");
  return ntohs(address.sin_port);
}

}  // namespace

PostgresServer::PostgresServer() : folder_(fastFolder()) {
  fs::copy(templateFolder(), folder_.file("data"), fs::copy_options::recursive);
  fs::permissions(folder_.file("data"), fs::perms::owner_all);
  (void)folder_.write("password", std::string(kPassword) + "\n");
  giveToServer(folder_.path());
  for (int attempt = 1; attempt <= kStartAttempts; ++attempt) {
    port_ = freePort();
    if (tryStart()) return;  // else somebody took the port meanwhile
  }
  throw std::runtime_error("PostgreSQL does not start:\n" + log());
}

// Before the folder goes: killed, the server would leave its shared memory behind.
PostgresServer::~PostgresServer() {
  if (process_->isRunning()) stopImmediately();
}

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

std::string PostgresServer::log() const { return readFile(folder_.file("log." + std::to_string(starts_))); }

bool PostgresServer::tryStart() {
  const std::string logFile = folder_.file("log." + std::to_string(++starts_));
  std::vector<std::string> arguments{"-D", folder_.file("data"), "-k", folder_.path(), "-p", std::to_string(port_)};
  for (const char* setting :
       {"listen_addresses=127.0.0.1", "fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=40",
        "max_wal_senders=0", "wal_level=minimal", "autovacuum=off", "logging_collector=off"}) {
    arguments.insert(arguments.end(), {"-c", setting});
  }
  process_ = std::make_unique<ChildProcess>(asServerUser("postgres", arguments), "/", logFile);
  bool isReady = false;
  waitUntil("PostgreSQL accepts connections", [&] {
    isReady = log().find("ready to accept connections") != std::string::npos;
    return isReady || !process_->isRunning();
  });
  return isReady;
}

void PostgresServer::start() {
  if (!tryStart()) throw std::runtime_error("PostgreSQL does not start again:\n" + log());
}

void PostgresServer::stopImmediately() {
  process_->signal(SIGQUIT);
  (void)process_->waitExit();
}

std::string PostgresServer::newDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  query("postgres", "CREATE DATABASE " + name);
  return name;
}

std::string PostgresServer::query(const std::string& database, const std::string& sql) {
  const std::string where =
      "host=" + folder_.path() + " port=" + std::to_string(port_) + " user=gatehouse dbname=" + database;
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(where.c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace gw::test
