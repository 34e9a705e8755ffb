#pragma once
// LinkSocketPair: the host's end of a link as if its handshake were done, and the bytes of the other end.
// Not thread-safe.

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/Net/WebSocketImpl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "backend/link/socket.h"

namespace gw::test {

class LinkSocketPair {
 public:
  explicit LinkSocketPair(size_t maxBytes) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) ::abort();
    peer_ = fds[1];
    Poco::Net::HTTPClientSession session;
    auto* const plain = new Poco::Net::StreamSocketImpl(fds[0]);
    const Raw raw(new Poco::Net::WebSocketImpl(plain, session, false));
    plain->release();  // the WebSocket holds it now
    socket_ = std::make_unique<link::LinkSocket>(std::make_unique<Poco::Net::WebSocket>(raw), maxBytes);
  }
  ~LinkSocketPair() { endInput(); }
  LinkSocketPair(const LinkSocketPair&) = delete;
  LinkSocketPair& operator=(const LinkSocketPair&) = delete;

  link::LinkSocket& host() { return *socket_; }
  void write(std::string_view bytes) const { (void)!::write(peer_, bytes.data(), bytes.size()); }
  /// What the host has sent by now.
  std::string read() const {
    std::string out(1 << 20, '\0');
    const ssize_t got = ::recv(peer_, out.data(), out.size(), MSG_DONTWAIT);
    out.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return out;
  }
  void endInput() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }

 private:
  struct Raw : Poco::Net::Socket {
    explicit Raw(Poco::Net::SocketImpl* impl) : Poco::Net::Socket(impl) {}
  };
  int peer_ = -1;
  std::unique_ptr<link::LinkSocket> socket_;
};

/// A client's frame; the mask is "mask".
inline std::string linkFrame(int opcode, std::string_view payload, bool fin = true) {
  std::string out(1, static_cast<char>((fin ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  }
  out += "mask";
  for (size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ "mask"[i % 4]);
  return out;
}

}  // namespace gw::test
