#include "backend/link/connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "session/client_api.h"

namespace gw::link {
namespace {

constexpr int kTickMs = 250;
constexpr uint64_t kMsNs = 1'000'000;
constexpr uint64_t kPartialMs = 10'000;
constexpr size_t kMaxCalls = 1'000;
constexpr uint64_t kGatherAcksMs = 50;
constexpr int kFramesPerTurn = 32;  // messages; then what waits to be written has its turn

}  // namespace

struct LinkConnection::Waker {
  Waker() : fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Waker() { ::close(fd); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  void wake() {
    if (!isAwake.exchange(true)) ::eventfd_write(fd, 1);
  }
  void sleep() {
    eventfd_t value = 0;
    ::eventfd_read(fd, &value);
    // After the read. A wake between the two writes nothing, but what it is about was queued before it: the turn
    // that follows looks at that.
    isAwake = false;
  }
  const int fd;
  std::atomic<bool> isAwake{false};
  std::atomic<bool> isAsked{false};  // whenUncongested is under way: one at a time
};

LinkConnection::LinkConnection(const LinkOptions& options, LinkPort& port, const Clock& clock,
                               std::unique_ptr<LinkSocket> socket, std::string id, std::string address)
    : options_(options),
      port_(port),
      clock_(clock),
      socket_(std::move(socket)),
      id_(std::move(id)),
      address_(std::move(address)),
      waker_(std::make_shared<Waker>()),
      outbound_(options.maxQueued, options.maxQueuedBytes) {}

LinkConnection::~LinkConnection() = default;

// --- any thread -------------------------------------------------------------------------------------

void LinkConnection::send(std::string_view frame) {
  if (port_.trace().isOn()) port_.trace().add(true, id_, frame);
  if (!outbound_.add(frame)) end(close_code::kTooSlow, "too much waits for it");
  hasNews_ = true;
}

void LinkConnection::call(std::string_view method, const std::string& params, CallReply reply) {
  std::unique_lock lock(mutex_);
  if (isEnding_ || pending_.size() >= kMaxCalls) {
    lock.unlock();
    if (!reply) return;  // a heartbeat
    return reply(fail(ErrorCode::kUnavailable, "the game is busy; try again soon"));
  }
  const std::string id = "g" + std::to_string(++lastCall_);
  pending_.emplace(id, Pending{std::move(reply), clock_.nowNs()});
  lock.unlock();
  send(requestFrame(id, method, params));
}

void LinkConnection::acknowledge(const SessionId& session, uint64_t n) {
  const std::lock_guard lock(mutex_);
  uint64_t& last = acks_[session];
  last = std::max(last, n);
  if (acksSinceNs_ == 0) acksSinceNs_ = clock_.nowNs();
}

void LinkConnection::acknowledgeShared(uint64_t n) {
  const std::lock_guard lock(mutex_);
  sharedAck_ = std::max(sharedAck_, n);
  if (acksSinceNs_ == 0) acksSinceNs_ = clock_.nowNs();
}

void LinkConnection::wake() { waker_->wake(); }

void LinkConnection::end(uint16_t code, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    if (isEnding_) return;
    isEnding_ = true;
    endCode_ = code;
    endWhy_ = std::move(why);
  }
  wake();
}

size_t LinkConnection::callsUnderWay() const {
  const std::lock_guard lock(mutex_);
  return pending_.size();
}

ConnectionFigures LinkConnection::figures() const {
  ConnectionFigures out;
  out.id = id_;
  out.instance = instance ? *instance : std::string();
  out.client = client;
  out.address = address_;
  out.connectedAtUs = connectedAtUs;
  out.queuedFrames = outbound_.frames();
  out.queuedBytes = outbound_.bytes();
  out.calls = callsUnderWay();
  out.framesIn = framesIn_;
  out.framesOut = framesOut_;
  out.bytesIn = bytesIn_;
  out.bytesOut = bytesOut_;
  out.pauses = pauses_;
  return out;
}

// --- its thread -------------------------------------------------------------------------------------

void LinkConnection::run() {
  startedNs_ = heardNs_ = clock_.nowNs();
  while (!isOver_) {
    pollfd watched[2] = {{waker_->fd, POLLIN, 0}, {socket_->fd(), 0, 0}};
    if (!isPaused_ && !isPartial_) watched[1].events |= POLLIN;
    if (!message_.empty()) watched[1].events |= POLLOUT;
    // A socket that is not asked for anything still reports its end: not polled at all then, it would be a busy loop.
    const nfds_t count = watched[1].events != 0 ? 2 : 1;
    (void)::poll(watched, count, isPartial_ ? 1 : kTickMs);
    if ((watched[0].revents & POLLIN) != 0) waker_->sleep();
    isPartial_ = false;
    pass();
  }
  finish();
}

// One turn. Reading is tried whatever poll said: a frame may have become whole without news.
void LinkConnection::pass() {
  pauseIfCongested();
  for (int i = 0; i < kFramesPerTurn && !isOver_ && !isPaused_ && readSome(); ++i) pauseIfCongested();
  if (!isOver_) addAcknowledgements();
  writeSome();
  watchTime();
  const std::lock_guard lock(mutex_);
  if (isEnding_ && !isOver_) {
    isOver_ = true;
    why_ = endWhy_;
    socket_->close(endCode_, endWhy_);
  }
}

bool LinkConnection::readSome() {
  std::string_view message;
  switch (socket_->receive(message)) {
    case LinkSocket::Got::kNothing:
      partialSinceNs_ = 0;
      return false;
    case LinkSocket::Got::kPartial:
      isPartial_ = true;
      if (partialSinceNs_ == 0) partialSinceNs_ = clock_.nowNs();
      return false;
    case LinkSocket::Got::kControl:
      heardNs_ = clock_.nowNs();
      partialSinceNs_ = 0;
      return true;
    case LinkSocket::Got::kEnd:
      breakOff(socket_->closeCode(), socket_->problem());
      return false;
    case LinkSocket::Got::kMessage:
      break;
  }
  heardNs_ = clock_.nowNs();
  partialSinceNs_ = 0;
  bytesIn_ += message.size();
  parse(message);
  return true;
}

void LinkConnection::parse(std::string_view message) {
  nlohmann::json json;
  std::string problem;
  if (!session::parseClientJson(message, json, problem)) return breakOff(close_code::kPolicy, problem);
  const bool isTraced = port_.trace().isOn();
  const auto handle = [&](const nlohmann::json& frame) {
    ++framesIn_;
    if (isTraced) port_.trace().add(false, id_, dump(frame));
    port_.received(*this, frame);
  };
  if (!json.is_array()) return handle(json);
  for (const auto& frame : json)
    if (!isOver_) handle(frame);
}

void LinkConnection::pauseIfCongested() {
  if (!port_.isCongested()) {
    isPaused_ = false;
    return;
  }
  if (isPaused_) return;
  isPaused_ = true;
  ++pauses_;
  if (waker_->isAsked.exchange(true)) return;
  port_.whenUncongested([waker = waker_] {
    waker->isAsked = false;
    waker->wake();
  });
}

// They are cumulative, and nobody waits for one: a busy session's are one in a while, in place of one for each frame.
void LinkConnection::addAcknowledgements() {
  std::unordered_map<SessionId, uint64_t> acks;
  uint64_t shared = 0;
  {
    const std::lock_guard lock(mutex_);
    if (acksSinceNs_ == 0 || clock_.nowNs() - acksSinceNs_ < kGatherAcksMs * kMsNs) return;
    acksSinceNs_ = 0;
    acks.swap(acks_);
    std::swap(shared, sharedAck_);
  }
  for (const auto& [session, n] : acks) send(ackFrame(&session, n));
  if (shared != 0) send(ackFrame(nullptr, shared));
}

// Only what the socket takes at once: a writable one has room for a message.
void LinkConnection::writeSome() {
  while (!isOver_) {
    if (message_.empty() && !outbound_.take(message_)) break;
    pollfd socket{socket_->fd(), POLLOUT, 0};
    if (::poll(&socket, 1, 0) != 1 || (socket.revents & POLLOUT) == 0) {
      if (blockedSinceNs_ == 0) blockedSinceNs_ = clock_.nowNs();
      break;
    }
    blockedSinceNs_ = 0;
    if (!socket_->send(message_)) return breakOff(close_code::kTooSlow, "a message could not be written");
    ++framesOut_;
    bytesOut_ += message_.size();
    message_.clear();
  }
  if (outbound_.roomAgain()) port_.hasRoom(*this);
}

void LinkConnection::watchTime() {
  const uint64_t now = clock_.nowNs();
  const auto isOlder = [now](uint64_t since, uint64_t ms) { return since != 0 && now - since > ms * kMsNs; };
  if (isOver_) return;
  if (!isAdmitted_ && isOlder(startedNs_, options_.authenticateMs)) {
    port_.noteTurnedAway();
    return breakOff(close_code::kNotAuthenticated, "it did not connect in time");
  }
  if (isOlder(partialSinceNs_, kPartialMs)) return breakOff(close_code::kPolicy, "half a frame, and no more of it");
  if (isOlder(blockedSinceNs_, options_.writeStallMs)) return breakOff(close_code::kTooSlow, "it does not read");
  if (!isPaused_ && isOlder(heardNs_, 2 * options_.heartbeatMs))
    return breakOff(close_code::kSilent, "nothing was heard of it");
  expireCalls();
  if (!isAdmitted_ || !isOlder(heardNs_, options_.heartbeatMs)) {
    isHeartbeatDue_ = true;
  } else if (isHeartbeatDue_) {
    isHeartbeatDue_ = false;
    call("heartbeat", "{}", {});
    wake();
  }
}

void LinkConnection::expireCalls() {
  std::vector<std::pair<std::string, CallReply>> expired;
  {
    const std::lock_guard lock(mutex_);
    const uint64_t now = clock_.nowNs();  // under the lock: no call is younger than that
    for (auto it = pending_.begin(); it != pending_.end();) {
      if (now - it->second.sinceNs <= options_.callTimeoutMs * kMsNs) {
        ++it;
        continue;
      }
      expired.emplace_back(it->first, std::move(it->second.reply));
      it = pending_.erase(it);
    }
  }
  for (auto& [id, reply] : expired) {
    if (!reply) continue;  // a heartbeat: twice its interval of silence ends the connection
    ++timedOut_;
    send(eventFrame("cancel", "{\"id\":\"" + id + "\"}"));
    reply(fail(ErrorCode::kTimeout, "the game did not answer in time; try again"));
    wake();
  }
}

LinkConnection::Answered LinkConnection::answer(const std::string& id, Result<nlohmann::json> result,
                                                uint64_t& tookMs) {
  Pending pending;
  {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(id);
    if (found == pending_.end()) return Answered::kNobody;
    pending = std::move(found->second);
    pending_.erase(found);
  }
  if (!pending.reply) return Answered::kHeartbeat;
  tookMs = (clock_.nowNs() - pending.sinceNs) / kMsNs;
  pending.reply(std::move(result));
  return Answered::kCall;
}

void LinkConnection::breakOff(uint16_t code, std::string why) {
  if (isOver_) return;
  isOver_ = true;
  why_ = std::move(why);
  if (code != 0) socket_->close(code, why_);
}

void LinkConnection::finish() {
  outbound_.close();
  std::map<std::string, Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    isEnding_ = true;
    pending.swap(pending_);
    acks_.clear();
  }
  std::erase_if(pending, [](const auto& call) { return !call.second.reply; });
  lost_ = pending.size();
  port_.gone(*this, why_);
  for (auto& [id, call] : pending)
    call.reply(fail(ErrorCode::kUnavailable, "the game is not available at the moment; try again soon"));
}

}  // namespace gw::link
