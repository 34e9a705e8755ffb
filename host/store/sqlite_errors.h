#pragma once
// What SQLite's failures mean to the gateway. Internal to host/store.

#include <string>

#include "base/result.h"

namespace gw::store {

/// Explains the exception in flight: busy -> kBusy, full or unreachable disk -> kUnavailable, a broken
/// uniqueness or CHECK -> kConflict, a damaged file -> kInternal naming it and the way out.
Error explainSqlite(const std::string& file);

}  // namespace gw::store
