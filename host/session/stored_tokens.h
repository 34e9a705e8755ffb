#pragma once
// A session's reconnect tokens as the store keeps them: for each of a lineage's chain its hash and what became
// of it.
//
// Thread: the session's home loop.

#include <vector>

#include "store/records.h"

namespace gw::session {

class Session;
struct Lineage;

std::vector<store::TokenRecord> tokenRecords(const Session& session, const Lineage& lineage);
/// Of a session whose lineages are there already.
void restoreTokens(Session& session, const std::vector<store::TokenRecord>& tokens);

}  // namespace gw::session
