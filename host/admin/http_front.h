#pragma once
// The HTTP side of the admin API: one Poco request in, one JSON answer out. Checks in this order: Host,
// Origin, who it is, the route, its role, the body. Unix and TCP differ in the second to last only.
//
// Thread: Poco's own; several at once.

#include <Poco/Net/HTTPRequestHandlerFactory.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/role.h"

namespace gw::admin {

class GatewayPort;
class TokenGate;

/// Requests being answered; stop waits for them.
class InFlight {
 public:
  class Ticket {
   public:
    explicit Ticket(InFlight& all) : all_(all) { all_.change(1); }
    ~Ticket() { all_.change(-1); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    InFlight& all_;
  };
  bool waitUntilNone(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, most, [&] { return count_ == 0; });
  }

 private:
  void change(int by) {
    const std::lock_guard lock(mutex_);
    count_ += by;
    if (count_ == 0) none_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

struct FrontContext {
  GatewayPort& port;
  TokenGate& tokens;
  bool isUnix = false;
  std::optional<gid_t> operators;  // Unix: the group that may operate
  std::vector<std::string> allowedHosts;
  InFlight inFlight;
  std::atomic<bool> isStopping{false};
};

class FrontFactory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  /// context must outlive the server.
  explicit FrontFactory(FrontContext& context) : context_(context) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

 private:
  FrontContext& context_;
};

}  // namespace gw::admin
