#pragma once
// Stream: a live connection of a plugin, as the host sees it; what a plugin knows as gw_host_conn.
// It ties together the socket (net::Connection), the plugin's state (gw_conn) and the session side's
// (StreamContext), and owns all three.
//
// Thread: its loop only; StreamHost::move takes it to another between two turns.
// Invariants
//  1. The plugin is called between a successful open and exactly one closed; never from within one of
//     its own host calls.
//  2. Units leave in the order of deliver(), answer() and the plugin's own sends.

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "gw/host.h"
#include "gw/login.h"
#include "gw/stream.h"
#include "gw/work.h"
#include "net/connection.h"
#include "plugin/input_port.h"
#include "plugin/instance.h"
#include "plugin/loop_event.h"
#include "plugin/stream_acceptor.h"

namespace gw::plugin {

class StreamHost;
class StreamWork;  // plugin/stream_work.h
struct WorkAnswer;
struct StreamClass;
struct MoveOutcome;  // plugin/migration.h
struct StatePath;

/// How a stream came about, beside its socket.
struct OpenedAs {
  std::string subprotocol{};
  std::string extensions{};
  uint64_t user = 0;
  bool isBound = false;
  bool operator==(const OpenedAs&) const = default;
};

struct CloseInfo {
  uint32_t code = GW_CLOSE_NORMAL;
  std::string text;
  bool retry = false;
  uint64_t retryAfterMs = 0;
  uint64_t graceMs = 2000;
};

/// What a plugin is told of signing in (gw/login.h).
struct LoginNews {
  uint32_t kind = GW_LOGIN_OPEN;
  std::string account{};
  std::string message{};
  std::string token{};
};

/// The position of an event, as deliver() was given it.
struct UnitPosition {
  uint64_t epoch = 0;
  uint64_t seq = 0;
};

class Stream final : public net::ConnectionHandler {
 public:
  enum class Delivered { kQueued, kNotShown, kDropped, kClosed };

  Stream(StreamHost& host, uint64_t id, std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
         std::unique_ptr<net::Connection> connection);
  ~Stream();

  // For the session side
  uint64_t id() const { return id_; }
  StreamHost& host() { return *host_; }
  net::EventLoop& loop();
  const Instance& instance() const { return *instance_; }
  const std::string& channelId() const { return instance_->generation().channelId(); }
  const AccountTraits& traits() const { return *traits_; }
  const net::PeerAddress& peer() const { return connection_->peer(); }
  net::Connection& connection() { return *connection_; }
  bool isTls() const { return connection_->isTls(); }
  StreamContext* context() const { return context_.get(); }
  std::unique_ptr<StreamContext> swapContext(std::unique_ptr<StreamContext> context);
  bool hasClass() const { return class_ != nullptr; }
  bool isTextOnly() const;
  bool wantsReprompt() const;
  uint64_t openedAtNs() const { return openedAtNs_; }

  /// Queues one event: the class's body between this connection's head and tail. seq 0: none.
  /// kDropped: a `drop` or `latest` event on a connection above its soft limit.
  Delivered deliver(LoopEvent& event, uint64_t epoch, uint64_t seq);
  /// Text-only streams cannot acknowledge; what the peer's kernel has acknowledged stands in for it. Tells
  /// InputPort::ack of the last event with a position that has wholly arrived, if that is news. Happens by
  /// itself now and then.
  void reportAcknowledged();
  /// A last time: what has not arrived by now is for another stream to replay.
  void endUnits();
  /// kMayWait: leaves with the output that is about to follow, after a moment at the latest.
  enum class Urgency { kNow, kMayWait };
  void answer(uint64_t token, gw_status status, std::string_view json, Urgency urgency = Urgency::kNow);
  void notice(uint32_t kind, uint64_t a, uint64_t b);
  /// Nothing happens if the plugin does not want to know.
  void tellLogin(const LoginNews& news);
  /// Tells the plugin of what blocking work has come to an end (stream_work.cpp).
  void answerWork();
  /// Lets the plugin say goodbye, then closes; at the grace's end it is closed anyway.
  void beginClose(const CloseInfo& info);
  /// While true, submit and frame answer AGAIN and data is not offered.
  void setHelloPending(bool pending);
  bool isHelloPending() const { return helloPending_; }
  bool isUsable() const { return opened_ && !closing_ && !ended_ && !shadow_ && !isDelivering_; }
  void noteHello() { helloSeen_ = true; }

  /// [loop, not from within a call of the plugin] Moves to another instance if it can (stream_migration.cpp).
  /// Whatever comes of it, the peer does not notice.
  MoveOutcome migrate(const std::shared_ptr<Instance>& next, const StatePath& path);

  // For the host tables (gw/host.h says what each does)
  gw_status send(std::string_view bytes);
  gw_status sendShared(const net::SharedBytes& bytes);
  void closeFromPlugin(uint32_t code, std::string_view reason);
  void pauseFromPlugin();
  void resumeFromPlugin();
  gw_status setTimer(uint32_t timerId, uint64_t delayMs);
  void cancelTimer(uint32_t timerId);
  gw_status setClass(uint64_t key, uint32_t flags, std::string_view description);
  gw_status startWork(const gw_work_order& order);
  void ackFromPlugin(uint64_t epoch, uint64_t seq);
  InputPort& port();

  gw_host_conn* asHostConn() { return reinterpret_cast<gw_host_conn*>(this); }
  static Stream& from(gw_host_conn* conn) { return *reinterpret_cast<Stream*>(conn); }

 private:
  friend class StreamHost;
  struct PluginTimer;
  class PluginCall;
  class OpenInfo;
  class Shadow;
  struct ClassWish {
    uint64_t key;
    uint32_t flags;
    std::string description;
  };
  static constexpr uint32_t kTimers = 8;
  static constexpr size_t kMaxWaiting = 64;

  size_t onBytes(net::Connection& connection, std::string_view bytes) override;
  void onEof(net::Connection& connection) override;
  void onWritable(net::Connection& connection) override;
  void onClosed(net::Connection& connection, net::CloseCause cause, std::string_view error) override;

  bool open(OpenedAs as);
  MoveOutcome moveQuiet(const std::shared_ptr<Instance>& next, uint32_t version);
  gw_status importInto(Shadow& shadow, Instance& next, uint32_t version, gw_slice state, gw_err& err, gw_conn*& made);
  void becomeOf(const std::shared_ptr<Instance>& next, gw_conn* made, StreamClass* nextClass, Shadow& shadow);
  void classChanged();
  void leaveHost();                    // [old loop] gives back what belongs to the loop
  void enterHost(StreamHost& target);  // [new loop]
  void forgetTimer(uint32_t timerId);
  void helloDeadline();
  void closeNow(uint32_t code);
  void finish(uint32_t code);
  void noteUnit(uint64_t epoch, uint64_t seq);
  void tellWork(const WorkAnswer& answer);
  void enqueue(LoopEvent& event, const net::SharedBytes& body, uint64_t epoch, uint64_t seq);
  void wrapAndSend(LoopEvent& event, const net::SharedBytes& body, uint64_t epoch, uint64_t seq);
  const gw_stream_ext& api() const { return instance_->generation().stream(); }
  template <typename F>
  auto guarded(const char* name, F&& call);

  StreamHost* host_;
  uint64_t id_;
  std::shared_ptr<Instance> instance_;
  std::shared_ptr<const AccountTraits> traits_;
  std::unique_ptr<net::Connection> connection_;
  gw_conn* plugin_ = nullptr;
  StreamClass* class_ = nullptr;
  std::unique_ptr<StreamContext> context_;
  std::unique_ptr<net::OffsetLedger<UnitPosition>> units_;  // text-only: not known to have arrived
  std::unique_ptr<PluginTimer> timers_;                     // a short list, by id; most streams have one
  uint64_t openedAtNs_ = 0;
  uint32_t closeCode_ = GW_CLOSE_LOST;
  bool opened_ = false;
  bool closing_ = false;  // beginClose was called
  bool eofSeen_ = false;
  bool ended_ = false;  // only closed() may follow
  bool helloPending_ = false;
  bool isDelivering_ = false;  // in wrap or deliver: the session walks over its log and its streams
  bool helloSeen_ = false;
  bool pausedByPlugin_ = false;
  uint16_t inPlugin_ = 0;
  std::vector<Task> deferred_;             // calls into the plugin that were asked for while it was on the stack
  std::unique_ptr<ClassWish> travelling_;  // the class while between two loops
  std::unique_ptr<StreamWork> work_;       // null: nothing is unanswered
  std::unique_ptr<OpenedAs> openedAs_;     // null: as a plain socket is
  Shadow* shadow_ = nullptr;               // while another side is imported: its calls are kept back
  struct Waiting {
    LoopEventPtr event;
    uint64_t epoch;
    uint64_t seq;
  };
  std::unique_ptr<std::vector<Waiting>> waiting_;  // events before the first class
};

}  // namespace gw::plugin
