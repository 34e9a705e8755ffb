// Schema version 1: everything the gateway stores.

#include "store/migrations/v1.h"

namespace gw::store {

// A session and what belongs to it alone; deleting the row deletes the rest.
const std::vector<const char*> kSchemaV1 = {
    R"(CREATE TABLE sessions (
      id TEXT PRIMARY KEY,
      epoch BIGINT NOT NULL,
      gateway_id TEXT NOT NULL,
      backend TEXT NOT NULL,
      user_id TEXT NOT NULL,
      user_name TEXT NOT NULL,
      entity_id TEXT NOT NULL,
      entity_name TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      last_activity BIGINT NOT NULL,
      state TEXT NOT NULL CHECK (state IN
        ('connecting', 'authenticating', 'characterSelection', 'playing', 'disconnected', 'closed')),
      protocol TEXT NOT NULL,
      client_addr TEXT NOT NULL,
      metadata TEXT NOT NULL,
      expires_at BIGINT NOT NULL,
      owner_until BIGINT NOT NULL DEFAULT 0,
      clean_stop INTEGER NOT NULL CHECK (clean_stop IN (0, 1)),
      last_seq BIGINT NOT NULL,
      command_seq BIGINT NOT NULL))",
    "CREATE INDEX sessions_entity ON sessions (user_id, entity_id)",
    "CREATE INDEX sessions_state ON sessions (state)",
    "CREATE INDEX sessions_activity ON sessions (last_activity)",
    "CREATE INDEX sessions_expiry ON sessions (expires_at)",
    R"(CREATE TABLE session_command_queue (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      seq BIGINT NOT NULL,
      command TEXT NOT NULL,
      PRIMARY KEY (session_id, seq)))",
    // One row packs a run of events (store/event_pack.h): a session's log is one row or a few, never one a line.
    R"(CREATE TABLE session_event_log (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      first_epoch BIGINT NOT NULL,
      first_seq BIGINT NOT NULL,
      event_count BIGINT NOT NULL,
      packed {bytes} NOT NULL,
      PRIMARY KEY (session_id, first_epoch, first_seq)))",
    R"(CREATE TABLE lineages (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      lineage TEXT NOT NULL,
      device TEXT NOT NULL,
      epoch BIGINT NOT NULL,
      seq BIGINT NOT NULL,
      PRIMARY KEY (session_id, lineage)))",
    R"(CREATE TABLE session_devices (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      device TEXT NOT NULL,
      last_client_seq BIGINT NOT NULL,
      PRIMARY KEY (session_id, device)))",
    R"(CREATE TABLE session_rooms (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      room TEXT NOT NULL,
      PRIMARY KEY (session_id, room)))",
    // No foreign key: a token is committed before the session that it opens is first written.
    R"(CREATE TABLE tokens (
      hash TEXT PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('reconnect', 'access', 'stream', 'code')),
      session_id TEXT NOT NULL,
      lineage TEXT NOT NULL,
      device TEXT NOT NULL,
      attempt_hash TEXT NOT NULL,
      successor_hash TEXT NOT NULL,
      confirmed_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL))",
    "CREATE INDEX tokens_session ON tokens (session_id)",
    "CREATE INDEX tokens_expiry ON tokens (expires_at)",
    // The last counted frame of each backend instance, per session ('' for frames without one).
    R"(CREATE TABLE link_counts (
      backend TEXT NOT NULL,
      instance TEXT NOT NULL,
      session_id TEXT NOT NULL,
      last_n BIGINT NOT NULL,
      PRIMARY KEY (backend, instance, session_id)))",

    R"(CREATE TABLE users (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      name_key TEXT NOT NULL UNIQUE,
      password_hash TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      last_login_at BIGINT NOT NULL,
      locked INTEGER NOT NULL CHECK (locked IN (0, 1))))",
    R"(CREATE TABLE user_settings (
      user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
      settings TEXT NOT NULL))",
    R"(CREATE TABLE account_tokens (
      hash TEXT PRIMARY KEY,
      user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      expires_at BIGINT NOT NULL))",
    "CREATE INDEX account_tokens_user ON account_tokens (user_id)",
    // No foreign key here and on characters: a backend may bring users that the gateway does not store.
    R"(CREATE TABLE login_prefixes (
      user_id TEXT NOT NULL,
      prefix TEXT NOT NULL,
      last_at BIGINT NOT NULL,
      PRIMARY KEY (user_id, prefix)))",
    "CREATE INDEX login_prefixes_last ON login_prefixes (last_at)",
    R"(CREATE TABLE characters (
      id TEXT PRIMARY KEY,
      backend TEXT NOT NULL,
      user_id TEXT NOT NULL,
      name TEXT NOT NULL,
      name_key TEXT NOT NULL,
      json TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      UNIQUE (backend, name_key)))",
    "CREATE INDEX characters_user ON characters (backend, user_id)",

    R"(CREATE TABLE rooms (
      name TEXT PRIMARY KEY,
      json TEXT NOT NULL))",
    R"(CREATE TABLE bans (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('address', 'user')),
      subject TEXT NOT NULL,
      reason TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL))",
    R"(CREATE TABLE api_tokens (
      id TEXT PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('view', 'operate', 'admin')),
      created_at BIGINT NOT NULL,
      last_used_at BIGINT NOT NULL))",
    R"(CREATE TABLE gateway_settings (
      setting TEXT PRIMARY KEY,
      content TEXT NOT NULL))",
};

}  // namespace gw::store
