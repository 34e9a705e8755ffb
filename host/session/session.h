#pragma once
// Session: one visit of a client; has 0..n attachments, an event log and the six-state machine.
// It knows neither wire formats nor stores nor backends: SessionManager moves it.
//
// Thread: its home loop. Invariants
//  1. A seq is spent only on an event that is logged; it rises strictly within an epoch.
//  2. Every logged event is offered to each attachment once, in order.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "net/event_loop.h"
#include "session/attachment.h"
#include "session/backend_port.h"
#include "session/event_log.h"
#include "session/reconnect_token.h"
#include "session/saved_parts.h"
#include "session/session_journal.h"
#include "session/session_metadata.h"
#include "session/state.h"

namespace gw::session {

/// A hash that few lineages have: kept outside of them.
class RareHash {
 public:
  bool matches(const Hash& presented) const { return hash_ && sameHash(presented, *hash_); }
  void set(const Hash& hash) { hash_ = isEmpty(hash) ? nullptr : std::make_unique<Hash>(hash); }
  void clear() { hash_.reset(); }

 private:
  std::unique_ptr<Hash> hash_;
};

/// One line of connections that succeed one another by one reconnect token.
struct Lineage {
  uint32_t id = 0;
  std::string device;
  Position acknowledged;
  bool isTerminal = false;  // nobody holds a token of it; set once its stream is attached
  TokenChain tokens;
  Hash access{};            // hash of the accessToken in force; in memory only
  RareHash previousAccess;  // still good for requests until the new one was used
  Hash attach{};            // an unused attach token, 30 s
  uint64_t attachUntilNs = 0;
  Position attachFrom;
  RareHash cookie;              // what the attach token was exchanged for
  uint64_t resumedNs = 0;       // when the latest resume that was granted had come in
  std::string helloConnection;  // connId of the hello-ok that carried the unconfirmed token
  uint64_t lastSeenNs = 0;
};

/// What a session keeps per device to accept each command once.
struct DeviceCommands {
  std::string device;
  uint64_t lastClientSeq = 0;
};

class Session {
 private:
  void forgetDevice();
  // First what every broadcast touches, so that it is in few cache lines.
  const SessionId id_;
  std::vector<Attachment*> attachments_;
  const EventLog::Bounds& bounds_;

 public:
  uint64_t epoch = 1;
  uint64_t lastSeq = 0;
  EventLog log;
  uint64_t droppedEvents = 0;

  static constexpr size_t kMaxLineages = 8;
  static constexpr size_t kMaxDevices = 8;
  static constexpr size_t kMaxLatest = 64;
  static constexpr size_t kMaxQueuedCommands = 100;
  /// More than a session can have numbered between two saves; leaves room for two million crashes below 2^53.
  static constexpr uint64_t kSeqsOfACrash = uint64_t{1} << 32;

  /// onTimer is called with this session as its owner.
  Session(SessionId id, net::EventLoop& loop, const EventLog::Bounds& bounds, net::Timer::Callback onTimer);
  ~Session();

  const SessionId& id() const { return id_; }
  State state() const { return state_; }
  Result<void> setState(State next);  // tells every attachment

  // Output. Only `must` events spend a seq. In strict an event is shown once it is committed.
  void emit(plugin::LoopEvent& event);
  /// [SessionJournal] Offers an event to every attachment; at.seq 0: none.
  void show(plugin::LoopEvent& event, Position at);
  /// Once everything that was written of it is committed; at once in relaxed. An action that takes a bool is
  /// called with false when the session ends before; another one is not called then.
  template <typename Action>
  void afterCommit(Action&& action) {
    if constexpr (std::is_invocable_v<Action&, bool>) {
      if (!journal) return action(true);
      journal->afterCommit(std::forward<Action>(action));
    } else {
      if (!journal) return action();
      journal->afterCommit([action = std::forward<Action>(action)](bool isCommitted) mutable {
        if (isCommitted) action();
      });
    }
  }
  /// One connection only; no seq, no log.
  static void emitPrivate(Attachment& to, plugin::Event event);

  // Attachments
  void attach(Attachment& attachment, uint32_t lineage);
  void detach(Attachment& attachment);
  const std::vector<Attachment*>& attachments() const { return attachments_; }
  /// Offers everything above `after`, a gap first if some of it is lost, then the latest values.
  void replay(Attachment& to, Position after);
  void sendLatest(Attachment& to);
  plugin::LoopEventPtr latest(std::string_view key) const;

  // Lineages
  Lineage& newLineage(const std::string& device, Position from);
  Lineage* lineage(uint32_t lineageId);
  std::vector<Lineage>& lineages() { return lineages_; }
  void acknowledge(uint32_t lineageId, Position to);

  // From the store, before anything else happens
  void restoreState(State state) { state_ = state; }
  void restoreLineage(uint32_t lineageId, const std::string& device, Position acknowledged);
  bool restoreCommand(uint64_t seq, const std::string& text);

  // Commands, exactly once per device
  enum class Accept { kNew, kDuplicate, kConflict };
  Accept acceptCommand(const std::string& device, uint64_t clientSeq, uint64_t& expected);
  uint64_t lastClientSeq(const std::string& device) const;
  /// Keeps the command until the backend acknowledges it. False: the queue is full.
  bool queueCommand(uint64_t& seqOut, const std::string& text);
  void commandsAcknowledged(uint64_t seq);
  /// Numbers given since the last save may have been lost with a crash, and the backend has them: go on far above.
  void skipCommandSeqs() { commandSeq += kSeqsOfACrash; }

  Position head() const { return {epoch, lastSeq}; }
  /// The highest position that any client may have seen.
  Position shownHead() const { return journal ? journal->shown() : head(); }
  /// Whether events above `seen` may be lost because its epoch ended in a crash.
  bool mayHaveLost(Position seen) const;

  // Plain facts; set by SessionManager and the store conversion.
  uint64_t commandSeq = 0;
  Identity user;
  Character character;
  std::string gameSession;
  std::string protocol;  // the channel that made it
  std::string clientAddress;
  int64_t createdAtUs = 0;
  int64_t lastActivityUs = 0;
  uint64_t leaseUntilNs = 0;  // made by /rpc: counts as a connection until then
  uint64_t lastInputNs = 0;
  bool idleWarned = false;
  bool lifetimeWarned = false;
  bool echoOff = false;  // the backend's prompt hides the next line
  OutputCounts outputCounts;
  SavedParts savedParts;
  bool isSaved = false;  // a row exists in the store
  bool saveDue = false;
  bool unloading = false;  // being put away: events are not for it any more
  unsigned returning = 0;  // saves under way that take that back: until then its row says that it was let go
  /// Everything before is in the log; what follows may be lost in a crash, and is told apart by its epoch.
  void beginEpoch();
  /// It came back instead: a gap tells of the events it was not given.
  void admitMissed();
  std::vector<DeviceCommands> devices;
  const std::vector<std::pair<uint64_t, std::string>>& commands() const { return commands_; }
  uint32_t lastTerminal = 0;  // lineage of the terminal that was used last
  std::vector<std::string> rooms;
  struct BroadcastSlots {  // the broadcaster's place of this session in its own lists
    size_t playing = static_cast<size_t>(-1);
  } broadcast;
  net::Timer timer;  // idle, lease, unload: the manager's one timer per session
  class SessionManager* manager = nullptr;
  WholeEpochs wholeEpochs;
  std::unique_ptr<SessionJournal> journal;  // strict only
  bool isStranger = false;                  // made by /rpc and not logged in: counted against its address
  TokenBucket requests;                     // commands by POST /rpc: all its connections together
  TokenBucket userCommands;                 // this session's share of its user's budget
  size_t sessionsOfUser = 1;

 private:
  friend class SessionManager;
  void deliver(Attachment& to, plugin::LoopEvent& event, Position at);
  void setLatest(plugin::LoopEvent& event);
  void trimAcknowledged();

  State state_ = State::kConnecting;
  bool hasMissed_ = false;  // while unloading
  uint32_t nextLineage_ = 1;
  std::vector<Lineage> lineages_;
  std::vector<std::pair<std::string, plugin::LoopEventPtr>> latest_;  // oldest set first
  std::vector<std::pair<uint64_t, std::string>> commands_;            // not acknowledged yet
};

}  // namespace gw::session
