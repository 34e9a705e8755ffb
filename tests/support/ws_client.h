#pragma once
// WsClient: RFC 6455 from the client's side, made to misbehave on request. It checks what it gets:
// a masked frame or a wrong accept key from the gateway throws. Not thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/tcp_client.h"

namespace gw::test {

struct WsFrame {
  bool fin = true;
  int rsv = 0;
  int opcode = 0;
  std::string payload;
  /// Of a close frame; 1005 if it has none.
  uint16_t closeCode() const;
};

struct WsOptions {
  std::string path = "/ws";
  std::string subprotocol = "gateway.v1";
  std::string host;    // empty: 127.0.0.1:port
  std::string origin;  // empty: none, as native clients
  std::string source = "127.0.0.1";
  std::vector<std::string> headers;  // further ones: "Name: value"
  int receiveBuffer = 0;             // as TcpClient's
};

class WsClient {
 public:
  /// Connects and shakes hands; throws if the answer is not a correct 101.
  explicit WsClient(uint16_t port, const WsOptions& options = {});

  void sendText(std::string_view text) const { sendFrame(1, text); }
  void sendFrame(int opcode, std::string_view payload, bool fin = true, bool masked = true, int rsv = 0) const;
  /// The next frame of any kind; nothing at the end of the stream. Throws when the time is over.
  std::optional<WsFrame> receive(Ms limit = kPatience);
  /// A frame that is there already, without waiting.
  std::optional<WsFrame> receiveNow();
  /// receiveNow() has come to the end of the stream.
  bool hasEnded() const { return hasEnded_; }
  /// Reads until the close frame or the end; answers its code, 1006 without one.
  uint16_t readToClose(Ms limit = kPatience);
  TcpClient& socket() { return socket_; }
  const std::string& subprotocol() const { return subprotocol_; }

 private:
  std::optional<WsFrame> parse();

  TcpClient socket_;
  std::string buffer_;
  std::string subprotocol_;
  bool hasEnded_ = false;
};

/// The request of a correct handshake.
std::string wsHandshake(uint16_t port, const WsOptions& options);

}  // namespace gw::test
