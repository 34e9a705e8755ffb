#pragma once
// Ceiling: what a server cannot well do better than, if it sends each message to each recipient by itself: a
// bare epoll loop, one send() per recipient and message, prepared bytes, no sessions, no JSON, no log.
// It knows just enough of each wire for the load generator's clients: log in, `say` (fan-out), `tell`, `ping`.
//
// Thread: one.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire.h"

namespace gw::bench {

class Ceiling {
 public:
  Ceiling();
  ~Ceiling();
  Ceiling(const Ceiling&) = delete;
  Ceiling& operator=(const Ceiling&) = delete;

  uint16_t httpPort() const { return httpPort_; }
  uint16_t telnetPort() const { return telnetPort_; }
  /// Until stopFd becomes readable.
  void run(int stopFd);

 private:
  enum class Stage : uint8_t { kHttp, kWebSocket, kSse, kTelnetLogin, kTelnet };
  struct Peer {
    int fd = -1;
    Stage stage = Stage::kHttp;
    uint64_t seq = 10'000'000;  // of a fixed width, so that each frame has the same size
    size_t place = SIZE_MAX;    // among the members of its wire
    std::string in;
    std::string unsent;
  };

  int listenOn(uint16_t& port);
  void accept(int listener, Stage stage);
  void onReadable(Peer& peer);
  size_t take(Peer& peer, std::string_view bytes);
  size_t takeHttp(Peer& peer, std::string_view bytes);
  size_t takeFrame(Peer& peer, std::string_view bytes);
  size_t takeLine(Peer& peer, std::string_view bytes);
  void onMessage(Peer& peer, std::string_view json);
  void control(std::string_view order);
  void join(Peer& peer, Stage stage);
  void leave(Peer& peer);
  void fanOut(const Peer& from, std::string_view text);
  std::string unitOf(Stage stage, std::string_view text, size_t& seqAt) const;
  std::string helloOk() const;
  void send(Peer& peer, std::string_view bytes);
  void watch(Peer& peer);
  void drop(Peer& peer);

  const int epollFd_;
  int httpFd_ = -1;
  int telnetFd_ = -1;
  uint16_t httpPort_ = 0;
  uint16_t telnetPort_ = 0;
  std::vector<Peer*> peers_;       // by descriptor
  std::vector<Peer*> members_[3];  // WebSocket, SSE, telnet
  std::vector<Peer*> dead_;
  std::string opened_;  // kept frame
  size_t unitBytes_ = 300;
  size_t helloBytes_ = 2000;
};

}  // namespace gw::bench
