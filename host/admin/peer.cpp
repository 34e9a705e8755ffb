#include "admin/peer.h"

#include <grp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gw::admin {
namespace {

std::vector<gid_t> supplementaryGroups(int fd) {
#ifdef SO_PEERGROUPS
  std::vector<gid_t> groups(64);
  for (;;) {
    auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) == 0) {
      groups.resize(length / sizeof(gid_t));
      return groups;
    }
    const size_t needed = length / sizeof(gid_t);
    if (errno != ERANGE || needed <= groups.size()) return {};
    groups.resize(needed);
  }
#else
  (void)fd;
  return {};
#endif
}

}  // namespace

std::optional<Peer> peerOf(int fd) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return std::nullopt;
  if (credentials.pid == 0 && credentials.uid == static_cast<uid_t>(-1)) return std::nullopt;  // TCP
  Peer peer{credentials.uid, credentials.pid, supplementaryGroups(fd)};
  peer.groups.push_back(credentials.gid);
  return peer;
}

Role roleOf(const Peer& peer, uid_t self, std::optional<gid_t> operators) {
  if (peer.uid == 0 || peer.uid == self) return Role::kAdmin;
  const bool isOperator =
      operators && std::find(peer.groups.begin(), peer.groups.end(), *operators) != peer.groups.end();
  return isOperator ? Role::kOperate : Role::kNone;
}

std::optional<gid_t> operatorsGroup() {
  std::array<char, 16384> text{};
  group entry{};
  group* found = nullptr;
  if (getgrnam_r("gatehouse", &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return found->gr_gid;
}

}  // namespace gw::admin
