#pragma once
// What the store keeps. Plain records; times are microseconds UTC; hashes are hex SHA-256.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace gw::store {

struct SessionRecord {
  SessionId id;
  uint64_t epoch = 1;
  std::string gatewayId;
  std::string backend;  // "lobby"
  std::string userId;
  std::string userName;
  std::string entityId;  // character id
  std::string entityName;
  int64_t createdAt = 0;
  int64_t lastActivity = 0;
  std::string state;     // "playing", "disconnected", ... (CHECKed)
  std::string protocol;  // the channel that made it
  std::string clientAddress;
  std::string metadata;     // JSON object
  int64_t expiresAt = 0;    // when cleanup may delete it
  bool cleanStop = false;   // its host wrote everything before it let go
  uint64_t lastSeq = 0;     // highest seq ever assigned in this epoch
  uint64_t commandSeq = 0;  // highest command seq given to the backend
  /// Journal records of this session that the row includes; 0: its host kept no journal (relaxed).
  uint64_t recordCount = 0;
};

struct LoggedEvent {
  uint64_t epoch = 0;
  uint64_t seq = 0;
  std::string body;  // packed by session/event_log
};

struct LineageRecord {
  std::string lineage;  // id within the session
  std::string device;
  uint64_t epoch = 0;  // acknowledged position
  uint64_t seq = 0;
};

struct DeviceRecord {
  std::string device;
  uint64_t lastClientSeq = 0;
};

struct QueuedCommand {
  uint64_t seq = 0;
  std::string text;
};

struct TokenRecord {
  std::string hash;  // of the secret
  std::string kind;  // reconnect | access | stream | code
  SessionId session;
  std::string lineage;
  std::string device;
  std::string attemptHash;    // first use binds
  std::string successorHash;  // what the first use issued; unconfirmed until confirmedAt
  int64_t confirmedAt = 0;
  int64_t expiresAt = 0;
};

/// Which stored events stay when a bundle is saved.
struct KeptLog {
  uint64_t aboveEpoch = 0;  // runs that end at or below this position go
  uint64_t aboveSeq = 0;
};

/// Parts of a bundle that are stored already as it has them. They are there all the same, in case they are not.
struct UnchangedParts {
  bool lineages = false;
  bool devices = false;
  bool commands = false;
  bool tokens = false;
  bool rooms = false;
  bool any() const { return lineages || devices || commands || tokens || rooms; }
};

/// Everything of one session, written and read in one transaction.
struct SessionBundle {
  SessionRecord session;
  /// Set: `log` follows what is stored already, of which this stays. Not set: it replaces it.
  std::optional<KeptLog> kept;
  std::vector<LoggedEvent> log;
  std::vector<LineageRecord> lineages;
  std::vector<DeviceRecord> devices;
  std::vector<QueuedCommand> commands;
  std::vector<TokenRecord> tokens;
  std::vector<std::string> rooms;
  UnchangedParts unchanged;  // for saves
};

struct UserRecord {
  std::string id;
  std::string name;          // as chosen
  std::string key;           // case-folded, unique
  std::string passwordHash;  // Argon2id PHC string
  int64_t createdAt = 0;
  int64_t lastLoginAt = 0;
  bool locked = false;
  std::string settings;  // JSON object: {"plain":true,"ignore":["…"]}
};

/// What signs in one of a user's clients without a password. Each use replaces the token; the one before
/// stays good until its successor is used, since the answer that carried it may have been lost.
struct AccountTokenRecord {
  std::string hash;          // of the latest token
  std::string previousHash;  // of the one before; empty: none, or its successor has been used
  std::string userId;
  int64_t expiresAt = 0;
};

struct CharacterRecord {
  std::string id;
  std::string backend;
  std::string userId;
  std::string name;
  std::string key;   // confusable skeleton, unique per backend
  std::string json;  // the backend's own attributes
  int64_t createdAt = 0;
};

struct BanRecord {
  std::string id;
  std::string kind;  // "address" (CIDR) | "user"
  std::string value;
  std::string reason;
  int64_t createdAt = 0;
  int64_t expiresAt = 0;  // 0: for ever
};

struct ApiTokenRecord {
  std::string id;
  std::string hash;
  std::string name;
  std::string role;  // view | operate | admin
  int64_t createdAt = 0;
  int64_t lastUsedAt = 0;
};

/// What one commit of strict durability wrote; packed by session/journal_records.
struct JournalEntry {
  uint64_t number = 0;
  std::string packed;  // not empty
};

struct RoomRecord {
  std::string name;
  std::string json;
};

}  // namespace gw::store
