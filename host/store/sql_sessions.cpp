// SqlSessionStore: sessions and their bundles.

#include <algorithm>

#include "store/event_pack.h"
#include "store/sql_session_store.h"

namespace gw::store {
namespace {

using std::string;

#define GW_SESSION_COLUMNS                                                                                  \
  "id, epoch, gateway_id, backend, user_id, user_name, entity_id, entity_name, created_at, last_activity, " \
  "state, protocol, client_addr, metadata, expires_at, clean_stop, last_seq, command_seq, record_count"

// The columns above in their order.
using SessionRow = std::tuple<string, int64_t, string, string, string, string, string, string, int64_t, int64_t, string,
                              string, string, string, int64_t, int64_t, int64_t, int64_t, int64_t>;

SessionRecord toRecord(SessionRow row) {
  SessionRecord r;
  // An id that does not parse is not one of ours; the zero id is never looked up.
  r.id = SessionId::parse(std::get<0>(row)).value_or(SessionId{});
  r.epoch = static_cast<uint64_t>(std::get<1>(row));
  r.gatewayId = std::move(std::get<2>(row));
  r.backend = std::move(std::get<3>(row));
  r.userId = std::move(std::get<4>(row));
  r.userName = std::move(std::get<5>(row));
  r.entityId = std::move(std::get<6>(row));
  r.entityName = std::move(std::get<7>(row));
  r.createdAt = std::get<8>(row);
  r.lastActivity = std::get<9>(row);
  r.state = std::move(std::get<10>(row));
  r.protocol = std::move(std::get<11>(row));
  r.clientAddress = std::move(std::get<12>(row));
  r.metadata = std::move(std::get<13>(row));
  r.expiresAt = std::get<14>(row);
  r.cleanStop = std::get<15>(row) != 0;
  r.lastSeq = static_cast<uint64_t>(std::get<16>(row));
  r.commandSeq = static_cast<uint64_t>(std::get<17>(row));
  r.recordCount = static_cast<uint64_t>(std::get<18>(row));
  return r;
}

template <typename... In>
std::vector<SessionRecord> select(Sql& sql, const char* statement, const In&... in) {
  auto rows = sql.rows<string, int64_t, string, string, string, string, string, string, int64_t, int64_t, string,
                       string, string, string, int64_t, int64_t, int64_t, int64_t, int64_t>(statement, in...);
  std::vector<SessionRecord> records;
  records.reserve(rows.size());
  for (auto& row : rows) records.push_back(toRecord(std::move(row)));
  return records;
}

constexpr char kById[] = "SELECT " GW_SESSION_COLUMNS " FROM sessions WHERE id = $1";
constexpr char kByIdLocked[] = "SELECT " GW_SESSION_COLUMNS " FROM sessions WHERE id = $1 FOR UPDATE";

}  // namespace

bool SqlSessionStore::upsertSession(const SessionRecord& r) {
  // The row's owner and epoch are checked in the statement: an older host's late write finds no row.
  static constexpr char kUpsert[] =
      "INSERT INTO sessions (" GW_SESSION_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) "
      "ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, gateway_id = excluded.gateway_id, "
      "backend = excluded.backend, user_id = excluded.user_id, user_name = excluded.user_name, "
      "entity_id = excluded.entity_id, entity_name = excluded.entity_name, created_at = excluded.created_at, "
      "last_activity = excluded.last_activity, state = excluded.state, protocol = excluded.protocol, "
      "client_addr = excluded.client_addr, metadata = excluded.metadata, expires_at = excluded.expires_at, "
      "clean_stop = excluded.clean_stop, last_seq = excluded.last_seq, command_seq = excluded.command_seq, "
      "record_count = excluded.record_count "
      "WHERE sessions.epoch <= excluded.epoch "
      "AND (sessions.owner_until = 0 OR sessions.gateway_id = excluded.gateway_id) RETURNING epoch";
  return !sql_.rows<int64_t>(kUpsert, r.id.toString(), r.epoch, r.gatewayId, r.backend, r.userId, r.userName,
                             r.entityId, r.entityName, r.createdAt, r.lastActivity, r.state, r.protocol,
                             r.clientAddress, r.metadata, r.expiresAt, r.cleanStop, r.lastSeq, r.commandSeq,
                             r.recordCount)
              .empty();
}

// The same for a row that is there; false if it is not.
bool SqlSessionStore::updateSession(const SessionRecord& r) {
  static constexpr char kUpdate[] =
      "UPDATE sessions SET epoch = $1, gateway_id = $2, backend = $3, user_id = $4, user_name = $5, entity_id = $6, "
      "entity_name = $7, created_at = $8, last_activity = $9, state = $10, protocol = $11, client_addr = $12, "
      "metadata = $13, expires_at = $14, clean_stop = $15, last_seq = $16, command_seq = $17, record_count = $18 "
      "WHERE id = $19 AND epoch <= $20 AND (owner_until = 0 OR gateway_id = $21) RETURNING epoch";
  return !sql_.rows<int64_t>(kUpdate, r.epoch, r.gatewayId, r.backend, r.userId, r.userName, r.entityId, r.entityName,
                             r.createdAt, r.lastActivity, r.state, r.protocol, r.clientAddress, r.metadata, r.expiresAt,
                             r.cleanStop, r.lastSeq, r.commandSeq, r.recordCount, r.id.toString(), r.epoch, r.gatewayId)
              .empty();
}

void SqlSessionStore::writeLog(const string& id, const std::vector<LoggedEvent>& log,
                               const std::optional<KeptLog>& kept) {
  if (kept) {
    sql_.run(
        "DELETE FROM session_event_log WHERE session_id = $1 AND (last_epoch < $2 OR (last_epoch = $3 AND last_seq <= "
        "$4))",
        id, kept->aboveEpoch, kept->aboveEpoch, kept->aboveSeq);
  } else {
    sql_.run("DELETE FROM session_event_log WHERE session_id = $1", id);
  }
  if (log.empty()) return;
  const string packed = packEvents(log);
  // It is there already if the answer to an earlier try was lost.
  sql_.run(
      "INSERT INTO session_event_log (session_id, first_epoch, first_seq, event_count, packed, last_epoch, last_seq) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (session_id, first_epoch, first_seq) DO UPDATE SET "
      "event_count = excluded.event_count, packed = excluded.packed, last_epoch = excluded.last_epoch, "
      "last_seq = excluded.last_seq",
      id, log.front().epoch, log.front().seq, static_cast<int64_t>(log.size()), Bytes{packed}, log.back().epoch,
      log.back().seq);
}

void SqlSessionStore::replaceLineages(const string& id, const std::vector<LineageRecord>& lineages) {
  sql_.run("DELETE FROM lineages WHERE session_id = $1", id);
  for (const auto& l : lineages) {
    sql_.run("INSERT INTO lineages (session_id, lineage, device, epoch, seq) VALUES ($1, $2, $3, $4, $5)", id,
             l.lineage, l.device, l.epoch, l.seq);
  }
}

void SqlSessionStore::replaceDevices(const string& id, const std::vector<DeviceRecord>& devices) {
  sql_.run("DELETE FROM session_devices WHERE session_id = $1", id);
  for (const auto& d : devices) {
    sql_.run("INSERT INTO session_devices (session_id, device, last_client_seq) VALUES ($1, $2, $3)", id, d.device,
             d.lastClientSeq);
  }
}

void SqlSessionStore::replaceCommands(const string& id, const std::vector<QueuedCommand>& commands) {
  sql_.run("DELETE FROM session_command_queue WHERE session_id = $1", id);
  for (const auto& c : commands) {
    sql_.run("INSERT INTO session_command_queue (session_id, seq, command) VALUES ($1, $2, $3)", id, c.seq, c.text);
  }
}

void SqlSessionStore::replaceRooms(const string& id, const std::vector<string>& rooms) {
  sql_.run("DELETE FROM session_rooms WHERE session_id = $1", id);
  for (const auto& room : rooms) {
    sql_.run("INSERT INTO session_rooms (session_id, room) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, room);
  }
}

void SqlSessionStore::replaceTokens(const string& id, const std::vector<TokenRecord>& tokens) {
  sql_.run("DELETE FROM tokens WHERE session_id = $1 AND kind = 'reconnect'", id);
  for (const auto& token : tokens) upsertToken(token, id);
}

Result<void> SqlSessionStore::saveSession(const SessionBundle& bundle) {
  return atomically([&]() -> Result<void> {
    const bool isThere = bundle.unchanged.any() && updateSession(bundle.session);
    if (!isThere && !upsertSession(bundle.session)) {
      return fail(ErrorCode::kConflict, "the stored session is newer or another host's", "staleEpoch");
    }
    const UnchangedParts same = isThere ? bundle.unchanged : UnchangedParts{};
    const string id = bundle.session.id.toString();
    writeLog(id, bundle.log, bundle.kept);
    if (!same.lineages) replaceLineages(id, bundle.lineages);
    if (!same.devices) replaceDevices(id, bundle.devices);
    if (!same.commands) replaceCommands(id, bundle.commands);
    if (!same.rooms) replaceRooms(id, bundle.rooms);
    if (!same.tokens) replaceTokens(id, bundle.tokens);
    return {};
  });
}

Result<void> SqlSessionStore::readParts(const string& id, SessionBundle& bundle) {
  auto logs = sql_.rows<Poco::Data::BLOB>(
      "SELECT packed FROM session_event_log WHERE session_id = $1 ORDER BY first_epoch, first_seq", id);
  for (const auto& [blob] : logs) {
    const std::string_view packed(reinterpret_cast<const char*>(blob.rawContent()), blob.size());
    if (auto read = unpackEvents(packed, bundle.log); !read.ok()) return read;
  }
  for (auto& [lineage, device, epoch, seq] : sql_.rows<string, string, int64_t, int64_t>(
           "SELECT lineage, device, epoch, seq FROM lineages WHERE session_id = $1 ORDER BY lineage", id)) {
    bundle.lineages.push_back({lineage, device, static_cast<uint64_t>(epoch), static_cast<uint64_t>(seq)});
  }
  for (auto& [device, last] : sql_.rows<string, int64_t>(
           "SELECT device, last_client_seq FROM session_devices WHERE session_id = $1 ORDER BY device", id)) {
    bundle.devices.push_back({device, static_cast<uint64_t>(last)});
  }
  for (auto& [seq, text] : sql_.rows<int64_t, string>(
           "SELECT seq, command FROM session_command_queue WHERE session_id = $1 ORDER BY seq", id)) {
    bundle.commands.push_back({static_cast<uint64_t>(seq), text});
  }
  for (auto& [room] : sql_.rows<string>("SELECT room FROM session_rooms WHERE session_id = $1 ORDER BY room", id)) {
    bundle.rooms.push_back(room);
  }
  bundle.tokens = tokensOf(bundle.session.id);
  return {};
}

Result<std::optional<SessionBundle>> SqlSessionStore::takeSession(const SessionId& id, int64_t nowUs,
                                                                  bool willJournal) {
  return atomically([&]() -> Result<std::optional<SessionBundle>> {
    const string key = id.toString();
    auto record = firstOf(select(sql_, dialect_.locksRows ? kByIdLocked : kById, key));
    if (!record || (record->expiresAt != 0 && record->expiresAt <= nowUs)) return std::optional<SessionBundle>();
    SessionBundle bundle;
    bundle.session = std::move(*record);
    // Without the mark its last host may have sent what it did not write: later ids must differ from those.
    if (!bundle.session.cleanStop) bundle.session.epoch += kEpochsOfACrash;
    const uint64_t records = willJournal ? std::max<uint64_t>(1, bundle.session.recordCount) : 0;
    sql_.run("UPDATE sessions SET epoch = $1, clean_stop = 0, record_count = $2 WHERE id = $3", bundle.session.epoch,
             records, key);
    if (auto read = readParts(key, bundle); !read.ok()) return read.error();
    return std::optional<SessionBundle>(std::move(bundle));
  });
}

Result<std::optional<SessionBundle>> SqlSessionStore::readSession(const SessionId& id) {
  return atomically([&]() -> Result<std::optional<SessionBundle>> {
    const string key = id.toString();
    auto record = firstOf(select(sql_, kById, key));
    if (!record) return std::optional<SessionBundle>();
    SessionBundle bundle;
    bundle.session = std::move(*record);
    if (auto read = readParts(key, bundle); !read.ok()) return read.error();
    return std::optional<SessionBundle>(std::move(bundle));
  });
}

Result<std::optional<SessionRecord>> SqlSessionStore::peekSession(const SessionId& id) {
  return guarded([&]() -> Result<std::optional<SessionRecord>> { return firstOf(select(sql_, kById, id.toString())); });
}

Result<std::optional<SessionId>> SqlSessionStore::findSession(const string& userId, const string& entityId,
                                                              int64_t nowUs) {
  return guarded([&]() -> Result<std::optional<SessionId>> {
    const auto found = sql_.rows<string>(
        "SELECT id FROM sessions WHERE user_id = $1 AND entity_id = $2 AND (expires_at = 0 OR expires_at > $3) "
        "AND state <> 'closed' ORDER BY last_activity DESC LIMIT 1",
        userId, entityId, nowUs);
    if (found.empty()) return std::optional<SessionId>();
    return SessionId::parse(std::get<0>(found.front()));
  });
}

Result<std::vector<SessionRecord>> SqlSessionStore::listSessions(size_t most) {
  return guarded([&]() -> Result<std::vector<SessionRecord>> {
    return select(sql_, "SELECT " GW_SESSION_COLUMNS " FROM sessions ORDER BY last_activity DESC, id LIMIT $1",
                  static_cast<int64_t>(most));
  });
}

Result<void> SqlSessionStore::deleteSession(const SessionId& id) {
  return atomically([&]() -> Result<void> {
    const string key = id.toString();
    sql_.run("DELETE FROM tokens WHERE session_id = $1", key);
    sql_.run("DELETE FROM link_counts WHERE session_id = $1", key);
    sql_.run("DELETE FROM sessions WHERE id = $1", key);  // the rest by cascade
    return {};
  });
}

Result<size_t> SqlSessionStore::trimSessionsOf(const string& userId, size_t keep) {
  return atomically([&]() -> Result<size_t> {
    const auto put = sql_.rows<string>(
        "SELECT id FROM sessions WHERE user_id = $1 AND clean_stop = 1 ORDER BY last_activity DESC, id", userId);
    for (size_t i = keep; i < put.size(); ++i) {
      if (auto gone = deleteSession(*SessionId::parse(std::get<0>(put[i]))); !gone) return gone.error();
    }
    return put.size() > keep ? put.size() - keep : 0;
  });
}

Result<size_t> SqlSessionStore::deleteExpired(int64_t nowUs) {
  static constexpr int64_t kLoginMemoryUs = int64_t{30} * 24 * 3600 * 1'000'000;
  return atomically([&]() -> Result<size_t> {
    const auto gone =
        sql_.rows<string>("DELETE FROM sessions WHERE expires_at <> 0 AND expires_at <= $1 RETURNING id", nowUs);
    for (const auto& [id] : gone) {
      sql_.run("DELETE FROM tokens WHERE session_id = $1", id);
      sql_.run("DELETE FROM link_counts WHERE session_id = $1", id);
    }
    sql_.run("DELETE FROM tokens WHERE expires_at <= $1", nowUs);
    sql_.run("DELETE FROM account_tokens WHERE expires_at <= $1", nowUs);
    sql_.run("DELETE FROM login_prefixes WHERE last_at <= $1", nowUs - kLoginMemoryUs);
    return gone.size();
  });
}

}  // namespace gw::store
