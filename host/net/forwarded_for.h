#pragma once
// Who the client is when a reverse proxy made the connection: X-Forwarded-For, or Forwarded (RFC 7239).
// Pure functions.
//
// Each proxy appends, on the right, the address that it saw. So the list is read from the right, and
// only as far as trusted proxies wrote it: the first address that is none of theirs is the client, what
// stands left of it is the client's own tale. Only the header that the proxies write is read: the other
// one would come from the client unchanged.

#include <string_view>
#include <vector>

#include "base/address_block.h"
#include "net/connection.h"

namespace gw::net {

struct HttpHeader;

enum class ForwardedHeader { kXForwardedFor, kForwarded };

/// "x-forwarded-for" or "forwarded".
std::string_view nameOf(ForwardedHeader header);

/// The rightmost address that is not trusted; if all are, the leftmost. The walk ends at an entry that
/// names no IP address, and after kMaxForwardedBytes or kMaxForwardedEntries: then the last good address
/// stands, or the proxy's own. A port that was not told is 0.
PeerAddress clientBehind(const PeerAddress& proxy, const AddressBlocks& trusted, ForwardedHeader which,
                         const std::vector<HttpHeader>& headers);

inline constexpr size_t kMaxForwardedBytes = 4096;
inline constexpr size_t kMaxForwardedEntries = 32;

}  // namespace gw::net
