#pragma once
// Small conversions shared by the parts of Accounts.

#include <string>
#include <vector>

#include "base/result.h"
#include "session/backend_port.h"
#include "store/records.h"

namespace gw::lobby {

/// The key by which an address is limited (IPv4 /32, IPv6 /64).
std::string addressOf(const session::Credentials& credentials);
session::Identity identityOf(const store::UserRecord& user, size_t maxIgnored);
session::Character characterOf(const store::CharacterRecord& record);

Error rateLimited(uint64_t retryAfterMs);
/// What a player hears when the store fails; the reason goes to the log.
Error storeTrouble(const Error& reason);
Error nameTaken(std::string_view what);

}  // namespace gw::lobby
