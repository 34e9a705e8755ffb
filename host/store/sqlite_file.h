#pragma once
// The database file on disk: who may touch it. Internal to host/store.

#include <string>

#include "base/result.h"

namespace gw::store {

/// Makes the file if it is missing (0600) and takes other people's rights away if it is there. Fails
/// kInvalid, naming the path: the folder is missing or others can write to it, the file is a symbolic
/// link, not a regular file or another user's; kUnavailable: it cannot be made.
Result<void> prepareFile(const std::string& file);

}  // namespace gw::store
