#pragma once
// LinkConnection: one connection of a backend: what waits for it, what was asked of it, its heartbeat.
//
// Thread: run() on the link's own thread for this connection; what is marked "any" from anywhere, without waiting. It
// ends once; LinkPort::gone() is its last call.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/link/options.h"
#include "backend/link/outbound.h"
#include "backend/link/socket.h"
#include "backend/link/trace.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/unique_function.h"

namespace gw::link {

class LinkConnection;

/// What a connection asks of the backend that it is a part of. On the connection's thread.
class LinkPort {
 public:
  virtual void received(LinkConnection& from, const nlohmann::json& frame) = 0;
  virtual void gone(LinkConnection& connection, const std::string& why) = 0;
  /// It has said nothing in its time.
  virtual void noteTurnedAway() = 0;
  /// It was over its bound of commands, and is not any more.
  virtual void hasRoom(LinkConnection& connection) = 0;
  virtual bool isCongested() const = 0;
  virtual void whenUncongested(Task wake) = 0;
  virtual Trace& trace() = 0;  // any thread

 protected:
  ~LinkPort() = default;
};

using CallReply = UniqueFunction<void(Result<nlohmann::json>)>;

class LinkConnection final : public std::enable_shared_from_this<LinkConnection> {
 public:
  LinkConnection(const LinkOptions& options, LinkPort& port, const Clock& clock, std::unique_ptr<LinkSocket> socket,
                 std::string id, std::string address);
  ~LinkConnection();
  LinkConnection(const LinkConnection&) = delete;
  LinkConnection& operator=(const LinkConnection&) = delete;

  /// Until the connection ends.
  void run();

  // Any thread
  void send(std::string_view frame);
  /// False: it has to stay with its session until LinkPort::hasRoom().
  bool admitsCommand() { return outbound_.admitsCommand(); }
  /// reply is called once, on this connection's thread: with the payload, the backend's error, kTimeout or
  /// kUnavailable.
  void call(std::string_view method, const std::string& params, CallReply reply);
  /// Told by link.ack, cumulatively, within a tick (250 ms); sooner if there is traffic.
  void acknowledge(const SessionId& session, uint64_t n);
  void acknowledgeShared(uint64_t n);
  void wake();
  /// What was sent waits for this: one wake-up for many, and none for nothing.
  void flush() {
    if (hasNews_.exchange(false)) wake();
  }
  void end(uint16_t code, std::string why);
  size_t callsUnderWay() const;
  ConnectionFigures figures() const;

  const std::string& id() const { return id_; }
  const std::string& address() const { return address_; }

  // Set at connect, by the port, before others know this connection
  std::shared_ptr<const std::string> instance;
  std::string client;
  LinkGrant grant;
  int64_t connectedAtUs = 0;

  /// Called once, when it is admitted. Before run().
  void onAdmitted(Task then) { onAdmitted_ = std::move(then); }

  // [link] of the port
  bool isAdmitted() const { return isAdmitted_; }
  void noteAdmitted() {
    isAdmitted_ = true;
    if (onAdmitted_) std::exchange(onAdmitted_, nullptr)();
  }
  enum class Answered { kNobody, kHeartbeat, kCall };
  /// Takes a res of the backend to one of our calls. kNobody: nobody waits for it.
  Answered answer(const std::string& id, Result<nlohmann::json> result, uint64_t& tookMs);
  void refuseFrame() { ++refused_; }
  uint64_t refused() const { return refused_; }
  uint64_t timedOut() const { return timedOut_; }
  uint64_t lost() const { return lost_; }  // calls that its end cut off

  // Guarded by the port's own lock
  size_t sessions = 0;
  size_t introductionsLeft = 0;
  bool isReadyDue = false;
  bool isDraining = false;

 private:
  struct Pending {
    CallReply reply;  // none: a heartbeat, whose answer nobody waits for
    uint64_t sinceNs = 0;
  };
  void pass();
  bool readSome();
  void parse(std::string_view message);
  void pauseIfCongested();
  void writeSome();
  void addAcknowledgements();
  void watchTime();
  void expireCalls();
  void finish();
  void breakOff(uint16_t code, std::string why);  // [link]

  const LinkOptions& options_;
  LinkPort& port_;
  const Clock& clock_;
  std::unique_ptr<LinkSocket> socket_;
  const std::string id_;
  const std::string address_;
  struct Waker;
  const std::shared_ptr<Waker> waker_;  // shared with whoever may wake it late
  Outbound outbound_;
  std::atomic<bool> hasNews_{false};

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Pending> pending_;
  uint64_t lastCall_ = 0;
  std::unordered_map<SessionId, uint64_t> acks_;
  uint64_t sharedAck_ = 0;
  uint64_t acksSinceNs_ = 0;  // the oldest of these; 0: there are none
  bool isEnding_ = false;
  uint16_t endCode_ = 0;
  std::string endWhy_;

  // [link]
  Task onAdmitted_;
  bool isAdmitted_ = false;
  bool isOver_ = false;
  bool isPaused_ = false;
  bool isPartial_ = false;
  bool isHeartbeatDue_ = false;
  std::string message_;  // taken, waits for the socket
  uint64_t startedNs_ = 0;
  uint64_t heardNs_ = 0;
  uint64_t partialSinceNs_ = 0;
  uint64_t blockedSinceNs_ = 0;
  std::string why_;
  std::atomic<uint64_t> framesIn_{0}, framesOut_{0}, bytesIn_{0}, bytesOut_{0}, pauses_{0}, refused_{0}, timedOut_{0},
      lost_{0};
};

}  // namespace gw::link
