#pragma once
// TcpClient: a plain socket to 127.0.0.1 whose every wait has a deadline. TelnetClient: the same, read
// as a person would read it. Not thread-safe. Failures throw std::runtime_error.

#include <cstdint>
#include <string>
#include <string_view>

#include "support/deadline.h"

namespace gw::test {

class TcpClient {
 public:
  /// source: the address it comes from; any of 127.0.0.0/8 will do, so that limits per address can be met.
  /// receiveBuffer: of the kernel, in bytes; 0: the usual.
  explicit TcpClient(uint16_t port, const std::string& source = "127.0.0.1", int receiveBuffer = 0);
  ~TcpClient();
  TcpClient(TcpClient&& other) noexcept;
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  int fd() const { return fd_; }
  /// False if the other side has closed.
  bool send(std::string_view bytes) const;
  /// Appends what comes to `to`; false at the end of the stream (or a reset).
  bool receive(std::string& to, const Deadline& deadline, size_t most = 65536) const;
  /// What is there now, without waiting. False at the end of the stream.
  bool receiveNow(std::string& to, size_t most = 65536) const;
  void shutdownWrite() const;
  void close();
  /// From now on nothing arrives, as when the network path has died; what has arrived can be read.
  void goDeaf() const;
  /// Closes with RST, as a died network path looks to the other side.
  void reset();

 private:
  int fd_ = -1;
};

/// Takes what is no text out of a terminal's stream: telnet commands and escape sequences, CR and NUL.
class TerminalText {
 public:
  void take(std::string_view bytes, std::string& to);

 private:
  enum class State { kText, kIac, kOption, kSub, kSubIac, kEsc, kCsi, kOsc };
  State state_ = State::kText;
};

/// A telnet client that answers no negotiation, as nc is one.
class TelnetClient {
 public:
  explicit TelnetClient(uint16_t port, const std::string& source = "127.0.0.1", int receiveBuffer = 0)
      : socket_(port, source, receiveBuffer) {}

  void sendLine(std::string_view line) const;
  /// Waits for `text`; answers and takes everything up to and including it.
  std::string expect(std::string_view text, Ms limit = kPatience);
  /// Everything to the end of the stream.
  std::string readToEnd(Ms limit = kPatience);
  /// What has arrived and was not taken yet.
  const std::string& pending() const { return text_; }
  const std::string& raw() const { return raw_; }
  TcpClient& socket() { return socket_; }

  /// Comes in as a guest; answers the guest's name.
  std::string enterAsGuest();
  /// Registers NAME with the password and a character of that name.
  void enterAsNew(const std::string& name, const std::string& password);

 private:
  TcpClient socket_;
  TerminalText filter_;
  std::string raw_;
  std::string text_;
};

}  // namespace gw::test
