// Schema version 2: the journal of strict durability, and logs that are written bit by bit.

#include "store/migrations/v2.h"

namespace gw::store {

const std::vector<const char*> kSchemaV2 = {
    // One row a commit, for all sessions: what is shown to many is written once.
    R"(CREATE TABLE journal (
      gateway_id TEXT NOT NULL,
      number BIGINT NOT NULL,
      packed {bytes} NOT NULL,
      PRIMARY KEY (gateway_id, number)))",
    // How many of its journal records a session's row includes; 0: its host kept no journal.
    "ALTER TABLE sessions ADD COLUMN record_count BIGINT NOT NULL DEFAULT 0",
    // Where a run of events ends, so that it can go once everybody has it. Runs of version 1 say 0.0; they are
    // replaced as a whole when their session is next saved.
    "ALTER TABLE session_event_log ADD COLUMN last_epoch BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE session_event_log ADD COLUMN last_seq BIGINT NOT NULL DEFAULT 0",
};

}  // namespace gw::store
