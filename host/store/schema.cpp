#include "store/schema.h"

#include "store/sql_session_store.h"

namespace gw::store {
namespace {

std::string inDialect(std::string statement, const Dialect& dialect) {
  static constexpr std::string_view kMark = "{bytes}";
  for (size_t at = statement.find(kMark); at != std::string::npos; at = statement.find(kMark, at)) {
    statement.replace(at, kMark.size(), dialect.bytesType);
  }
  return statement;
}

}  // namespace

void migrate(Sql& sql, const Dialect& dialect, const std::vector<Migration>& versions, int64_t nowUs) {
  sql.once("CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)");
  const auto stored = std::get<0>(sql.rows<int64_t>("SELECT COALESCE(MAX(version), 0) FROM schema_versions").front());
  const int known = versions.back().version;
  if (stored > known) {
    throw NewerSchema("its schema is version " + std::to_string(stored) + ", this program knows versions up to " +
                      std::to_string(known) + "; start the program that wrote it, or a newer one");
  }
  for (const auto& migration : versions) {
    if (migration.version <= stored) continue;
    for (const char* statement : migration.statements) sql.once(inDialect(statement, dialect));
    sql.run("INSERT INTO schema_versions (version, applied_at) VALUES ($1, $2)", int64_t{migration.version}, nowUs);
  }
}

}  // namespace gw::store
