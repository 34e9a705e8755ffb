#pragma once
// Connection: dials the gateway again and again; one thread reads, another one writes.
//
// What comes goes to the Inbox, behind a LinkUp and before a LinkDown; what waits in the SendQueue goes out.
// Heartbeats are dealt with here: a worker that is busy must not cost the link.
// Thread: start() and stop() by one; isUp() from any.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gw/backend/link.hpp"
#include "inbox.h"
#include "log.h"
#include "send_queue.h"
#include "socket.h"

namespace gw::backend {

class Connection {
 public:
  Connection(const Options& options, std::string instance, Inbox& inbox, SendQueue& queue, const Log& log);
  ~Connection() { stop(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// Sends what waits (2 s at most), says goodbye, joins its threads.
  void stop();
  bool isUp() const { return isUp_; }

 private:
  using Clock = std::chrono::steady_clock;

  void dialForever();
  void serve();
  void connect(Socket& socket);
  void read(Socket& socket);
  void write(Socket& socket, int64_t generation);
  void deliver(std::vector<Item>&& items);
  void waitBefore(std::chrono::milliseconds delay);
  void use(Socket* socket);

  const Options& options_;
  const std::string instance_;
  const Url url_;
  Inbox& inbox_;
  SendQueue& queue_;
  const Log& log_;

  std::thread thread_;
  std::atomic<bool> isUp_{false};
  std::atomic<bool> hasSaidGoodbye_{false};
  std::chrono::milliseconds heartbeat_{30000};
  int64_t generation_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool isStopping_ = false;
  Socket* socket_ = nullptr;  // the one in use, for stop()
};

}  // namespace gw::backend
