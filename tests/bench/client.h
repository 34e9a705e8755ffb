#pragma once
// Client: one connection of the load generator from connect() to EOF. It logs in as a guest by itself
// (client_login.cpp); then it gives each unit to its owner. The gateway and the ceiling are the same to it.
//
// Thread: one; nothing blocks. The socket is watched level-triggered by the owner's epoll.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "pollable.h"
#include "tls.h"
#include "wire.h"

namespace gw::bench {

/// Where a server listens, and which process it is.
struct Target {
  std::string name;
  uint16_t httpPort = 0;
  uint16_t telnetPort = 0;
  uint16_t telnetTlsPort = 0;
  pid_t pid = 0;
  TlsContext* tls = nullptr;  // for kTelnetTls
};

class Client;

class ClientOwner {
 public:
  virtual ~ClientOwner() = default;
  virtual void onPlaying(Client& client) = 0;
  virtual void onUnit(Client& client, const Unit& unit) = 0;
  /// EOF or an error; the socket is closed already. why is empty after a goodbye of our own.
  virtual void onEnded(Client& client, const std::string& why) = 0;
};

class Client : public Pollable {
 public:
  enum class State : uint8_t {
    kNew,
    kConnecting,
    kHandshake,
    kUpgrading,
    kLogin,
    kSecondSocket,
    kPlaying,
    kClosing,
    kEnded
  };

  Client(ClientOwner& owner, const Target& target, Wire wire, uint32_t number);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Starts to connect from 127.0.0.<2 + number mod 32>; receiveBuffer 0: the system's default.
  void connect(int epollFd, int receiveBuffer = 0);
  void onReady(uint32_t events) override;
  /// What the socket does not take now goes when it is writable.
  void send(std::string_view bytes);
  /// The last bytes, and what is sent after them, are held back until sendHeld(): half a line or frame is out.
  void sendAllBut(size_t held, std::string_view bytes);
  void sendHeld();
  void sendRequest(std::string_view method, std::string_view paramsJson);
  /// Types a line: a `command` request, or the line itself on telnet and terminals. Not on SSE.
  void command(std::string_view text) { send(commandBytes(text)); }
  std::string commandBytes(std::string_view text) const;
  /// Says goodbye (WebSocket close 1000, telnet quit) and ends with the server's FIN; SSE just closes.
  void close();
  /// From now on reads nothing (true), or reads again.
  void stall(bool isStalled);

  State state() const { return state_; }
  bool isPlaying() const { return state_ == State::kPlaying; }
  Wire wire() const { return wire_; }
  const std::string& name() const { return name_; }
  const std::string& accessToken() const { return accessToken_; }
  uint64_t epoch() const { return epoch_; }

  // The owner's counts.
  uint32_t number;
  uint32_t lastId = 0;  // of the last marker
  uint64_t lastSeq = 0;
  uint32_t sinceAck = 0;
  uint64_t bytesRead = 0;

 private:
  void openSocket(uint16_t port);
  uint16_t firstPort() const;
  void startTls();
  void put(std::string_view bytes);
  void onConnected();
  void onReadable();
  size_t consume(std::string_view bytes);
  void takeLines(std::string_view text);
  size_t login(std::string_view bytes);
  size_t loginHttp(std::string_view bytes);
  void loginLine(std::string_view line);
  void learn(std::string_view helloOk);
  void play();
  void watch();
  void end(const std::string& why);

  ClientOwner& owner_;
  const Target& target_;
  const Wire wire_;
  State state_ = State::kNew;
  bool isStalled_ = false;
  int fd_ = -1;
  int epollFd_ = -1;
  int receiveBuffer_ = 0;
  uint32_t watched_ = 0;
  std::string partial_;
  std::string unsent_;
  std::string held_;
  std::string openLine_;  // kTerminal: a line whose end has not come
  std::unique_ptr<TlsLayer> tls_;
  std::string name_;
  std::string accessToken_;
  uint64_t epoch_ = 0;
};

}  // namespace gw::bench
