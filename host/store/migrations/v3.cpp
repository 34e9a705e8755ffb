// Schema version 3: an account token's predecessor, which stays good until the token is first used.

#include "store/migrations/v3.h"

namespace gw::store {

const std::vector<const char*> kSchemaV3 = {
    "ALTER TABLE account_tokens ADD COLUMN previous_hash TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX account_tokens_previous ON account_tokens (previous_hash)",
    "CREATE INDEX account_tokens_expiry ON account_tokens (expires_at)",
};

}  // namespace gw::store
