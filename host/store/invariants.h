#pragma once
// What must hold in every database, beyond what its constraints enforce from moment to moment: a restored
// or repaired one may break them. Internal to host/store.

#include <string>
#include <vector>

#include "store/store_care.h"

namespace gw::store {

class Sql;

/// The violated ones, a sentence each. Throws what the database throws.
std::vector<std::string> violatedInvariants(Sql& sql);
/// All but the size, which each database tells in its own way.
StoreFacts factsOf(Sql& sql);

}  // namespace gw::store
