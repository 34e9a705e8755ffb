// SqlSessionStore: the journal of strict durability.

#include "store/sql_session_store.h"

namespace gw::store {

using std::string;

Result<void> SqlSessionStore::appendJournal(const string& gatewayId, const JournalEntry& entry) {
  return guarded([&]() -> Result<void> {
    const auto added = sql_.rows<int64_t>(
        "INSERT INTO journal (gateway_id, number, packed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING number",
        gatewayId, entry.number, Bytes{entry.packed});
    if (added.empty()) return fail(ErrorCode::kConflict, "this part of the journal has been written before");
    return {};
  });
}

Result<std::vector<JournalEntry>> SqlSessionStore::readJournal(const string& gatewayId, uint64_t after, size_t most) {
  return guarded([&]() -> Result<std::vector<JournalEntry>> {
    std::vector<JournalEntry> entries;
    for (auto& [number, packed] : sql_.rows<int64_t, Poco::Data::BLOB>(
             "SELECT number, packed FROM journal WHERE gateway_id = $1 AND number > $2 ORDER BY number LIMIT $3",
             gatewayId, after, static_cast<int64_t>(most))) {
      entries.push_back(
          {static_cast<uint64_t>(number), string(reinterpret_cast<const char*>(packed.rawContent()), packed.size())});
    }
    return entries;
  });
}

Result<void> SqlSessionStore::trimJournal(const string& gatewayId, uint64_t upTo) {
  return guarded([&]() -> Result<void> {
    sql_.run("DELETE FROM journal WHERE gateway_id = $1 AND number <= $2", gatewayId, upTo);
    return {};
  });
}

}  // namespace gw::store
