#pragma once
// The other end of a Unix socket, as the kernel tells it (SO_PEERCRED, SO_PEERGROUPS): no token needed.

#include <sys/types.h>

#include <optional>
#include <vector>

#include "admin/role.h"

namespace gw::admin {

struct Peer {
  uid_t uid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups;  // the primary one included
};

/// Nothing if fd is not a connected Unix socket.
std::optional<Peer> peerOf(int fd);

/// root and the host's own user: admin. A member of operators (the group `gatehouse`, if the machine has
/// it): operate. Anyone else: none.
Role roleOf(const Peer& peer, uid_t self, std::optional<gid_t> operators);

/// The id of the group `gatehouse`.
std::optional<gid_t> operatorsGroup();

}  // namespace gw::admin
