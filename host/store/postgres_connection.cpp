#include "store/postgres_connection.h"

#include <Poco/Data/PostgreSQL/Connector.h>
#include <Poco/Data/PostgreSQL/SessionHandle.h>
#include <libpq-fe.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <mutex>

#include "base/log.h"
#include "store/sql.h"

namespace gw::store {
namespace {

using Poco::Data::PostgreSQL::SessionHandle;

constexpr size_t kLongestPassword = 4096;
// A host that stops in the middle of a transaction must not hold its locks for ever.
constexpr char kIdleInTransactionMs[] = "60000";
// A machine that vanished holds its gateway's place for 25 s at most, and a program that died while its
// statement runs for 5 s (servers from 14 on know that setting).
constexpr char kNoticeTheDead[] =
    "SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), "
    "set_config('tcp_keepalives_count', '3', false)";
constexpr char kNoticeTheDeadAtWork[] =
    "SELECT set_config(name, '5000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'";

void registerDriver() {
  static std::once_flag once;
  std::call_once(once, [] { Poco::Data::PostgreSQL::Connector::registerConnector(); });
}

std::string firstLine(const char* text) {
  const std::string all = text == nullptr ? "" : text;
  return all.substr(0, all.find('\n'));
}

std::string quoted(const std::string& value, const char* what) {
  if (value.find(' ') != std::string::npos) throw PostgresUnreachable(std::string(what) + " must not contain a space");
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string readPassword(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string password;
  if (!in || !std::getline(in, password))
    throw PostgresUnreachable("the password file " + file + " cannot be read or is empty");
  if (!password.empty() && password.back() == '\r') password.pop_back();
  if (password.size() > kLongestPassword) throw PostgresUnreachable("the password in " + file + " is too long");
  return password;
}

long seconds(std::chrono::milliseconds time) {
  return std::max<long>(2, std::chrono::ceil<std::chrono::seconds>(time).count());
}

PGconn* connectionOf(const Poco::Data::Session& session) {
  return *Poco::AnyCast<SessionHandle*>(session.getProperty("handle"));
}

void requireReachable(const std::string& connection) {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> tried(PQconnectdb(connection.c_str()), &PQfinish);
  if (PQstatus(tried.get()) != CONNECTION_OK) throw PostgresUnreachable(firstLine(PQerrorMessage(tried.get())));
}

void logNotice(void*, const char* text) { log::debug("store", "PostgreSQL says", {{"notice", firstLine(text)}}); }

void setUp(const Poco::Data::Session& session, const PostgresOptions& options, Durability durability) {
  // Verbose messages begin with the SQLSTATE, also where Poco does not pass it on.
  PQsetErrorVerbosity(connectionOf(session), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(connectionOf(session), logNotice, nullptr);
  Sql sql(session, false);
  sql.once("SET TIME ZONE 'UTC'");
  sql.rows<std::string, std::string, std::string>(
      "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
      "set_config('idle_in_transaction_session_timeout', $3, false)",
      std::to_string(options.statementTimeout.count()), std::to_string(options.statementTimeout.count()),
      std::string(kIdleInTransactionMs));
  sql.rows<std::string, std::string, std::string>(kNoticeTheDead);
  sql.rows<std::string>(kNoticeTheDeadAtWork);
  // Relaxed takes what the administrator gave the role or the server; strict needs the disk.
  if (durability == Durability::kStrict) {
    sql.rows<std::string>(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'");
  }
}

/// Poco ends a session's libpq connection only while it is connected.
void end(std::optional<Poco::Data::Session>& session) {
  if (session && !session->isConnected()) PQreset(connectionOf(*session));
  session.reset();
}

}  // namespace

std::string placeOf(const PostgresOptions& options) {
  return options.user + "@" + options.host + ":" + std::to_string(options.port) + "/" + options.database;
}

std::string connectionString(const PostgresOptions& options) {
  std::string out = "host=" + quoted(options.host, "the host") + " port=" + std::to_string(options.port) +
                    " dbname=" + quoted(options.database, "the database's name") +
                    " user=" + quoted(options.user, "the user's name") + " sslmode=" + options.sslMode;
  if (!options.caFile.empty()) out += " sslrootcert=" + quoted(options.caFile, "the path of caFile");
  if (!options.passwordFile.empty()) {
    out += " password=" + quoted(readPassword(options.passwordFile), "a password (in passwordFile)");
  }
  return out + " connect_timeout=" + std::to_string(seconds(options.connectTimeout)) +
         " keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=" +
         std::to_string(options.statementTimeout.count()) +
         " client_encoding=UTF8 application_name=gatehouse target_session_attrs=read-write";
}

Poco::Data::Session openPostgres(const PostgresOptions& options, Durability durability,
                                 std::optional<Poco::Data::Session>& failed) {
  registerDriver();
  if (failed && failed->isConnected()) end(failed);  // first: the server may be short of connections
  const std::string connection = connectionString(options);
  requireReachable(connection);
  end(failed);
  Poco::Data::Session session("PostgreSQL", connection);
  setUp(session, options, durability);
  return session;
}

}  // namespace gw::store
