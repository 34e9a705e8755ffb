#pragma once
// SessionManager: the sessions of one loop and everything that moves them: attach, log in, enter,
// resume, disconnect, expire, save. Implements the streams' InputPort.
//
// Thread: its loop only; other loops and threads post to it. Its parts:
//   session_manager.cpp   life of sessions and attachments   input.cpp           what streams bring
//   login.cpp             backend calls before Playing       playing.cpp         claims, take-over, tokens
//   resume.cpp            reconnect, attach, HTTP binding    backend_output.cpp  what backends send
//   client_api*.cpp       gateway.v1 methods                 deadlines.cpp       idle, lifetime, login
//   saving.cpp            to the store                       loading.cpp         from the store
//   saving_all.cpp        checkpoints, the stop              restoring.cpp       after a restart
//   outage.cpp            strict without its store       backend_frames.cpp  a backend that counts

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/event_loop.h"
#include "plugin/stream.h"
#include "plugin/stream_host.h"
#include "session/broadcast_port.h"
#include "session/caller.h"
#include "session/services.h"
#include "session/session.h"
#include "session/user_registry.h"

namespace gw::store {
class SessionStore;
struct SessionBundle;
struct SessionRecord;
}  // namespace gw::store

namespace gw::session {

class LoopJournal;
class StopProgress;

enum class LoginKind : uint8_t { kPassword, kRegister, kGuest };

/// A wish to play: what is needed to finish it on whichever loop the session lives.
struct EnterRequest {
  SessionId session;      // the one that asks; a take-over lands in another
  std::string userId;     // whose claim must be given back if it has gone meanwhile
  std::string character;  // id or name
  Character chosen;       // once the backend has agreed
  std::string gameSession;
  std::string device;
  Caller caller;         // whose answer is due; streamId also says which stream comes along
  uint32_t lineage = 0;  // made at connect, to go on with; 0: none yet
  enum class Kind : uint8_t { kTerminal, kConnect, kSelect } kind = Kind::kTerminal;
};

/// A wish to come back.
struct ResumeRequest {
  SessionId session;
  std::string secret;
  std::string attempt;
  std::string device;
  Position from;
  Caller caller;
  bool isCode = false;  // a typed code: opens a new lineage
  uint32_t codeLineage = 0;
  uint64_t arrivedNs = 0;  // when it came in, on whichever loop
};

class SessionManager final : public plugin::InputPort {
 public:
  SessionManager(Services& services, plugin::StreamHost& streams, BroadcastPort& broadcast);
  ~SessionManager() override;
  void start();  // [loop] housekeeping begins
  void applyLimits(const SessionLimits& limits) { limits_ = limits; }
  const SessionLimits& limits() const { return limits_; }
  /// First step of a stop: nothing new is taken or acknowledged; unread input stays where it is.
  void pauseInput() { isPaused_ = true; }

  // InputPort
  const char* admit(const net::PeerAddress& peer, bool isNewSocket) override;
  void opened(plugin::Stream& stream) override;
  void closed(plugin::Stream& stream, uint32_t code) override;
  void writable(plugin::Stream& stream) override;
  gw_status hello(plugin::Stream& stream, uint64_t token, const gw_hello& hello) override;
  gw_status submit(plugin::Stream& stream, uint64_t token, const gw_input& input) override;
  gw_status frame(plugin::Stream& stream, std::string_view utf8) override;
  void ack(plugin::Stream& stream, uint64_t epoch, uint64_t seq) override;
  gw_status charge(plugin::Stream& stream, uint32_t units) override;
  gw_status signIn(plugin::Stream& stream, const gw_sign_in& signIn) override;
  gw_status bindRequest(std::shared_ptr<plugin::Request> request, uint32_t kind, std::string_view credential,
                        uint64_t epoch, uint64_t seq, uint64_t token) override;
  gw_status frameRequest(std::shared_ptr<plugin::Request> request, std::string_view bearer, std::string_view utf8,
                         uint64_t token) override;

  // Lookups
  Session* find(const SessionId& id);
  Attachment* attachmentOf(uint64_t streamId);
  template <typename F>
  void forEachSession(F&& visit) {
    for (auto& [id, session] : sessions_) visit(*session);
  }
  size_t sessionCount() const { return sessions_.size(); }
  /// Published each second, for status and health; any thread.
  struct Figures {
    std::atomic<uint64_t> playing{0}, disconnected{0}, other{0}, streams{0}, logBytes{0}, queuedBytes{0};
  };
  const Figures& figures() const { return figures_; }
  Services& services() { return services_; }
  BroadcastPort& broadcast() { return broadcast_; }
  plugin::StreamHost& streams() { return streams_; }
  UserRegistry& users() { return users_; }
  net::EventLoop& loop() { return loop_; }
  SessionManager& home(const SessionId& id);
  SessionManager& userHome(const std::string& userId);
  uint64_t nowNs() const { return loop_.nowNs(); }
  int64_t nowUs() const;

  // Life (session_manager.cpp)
  Session* create(const std::string& protocol, const std::string& address);      // null: at the limit
  void close(Session& session, uint32_t code, const std::string& text);          // for good
  void disconnectAll(Session& session, uint32_t code, const std::string& text);  // sockets only
  /// Closes its connections and leaves it Disconnected, to be resumed.
  void dropConnections(Session& session, uint32_t code, const std::string& text);
  using Urgency = plugin::Stream::Urgency;
  void reply(const Caller& caller, const Result<std::string>& payload, Urgency urgency = Urgency::kNow);
  /// In strict once what was written of the session is committed; or that it has ended.
  void replyOnceCommitted(Session& session, const Caller& caller, std::string payloadJson,
                          Urgency urgency = Urgency::kNow);

  // Log in (login.cpp); `then` is called on this loop if the session is still there
  using IdentityThen = UniqueFunction<void(Session*, Result<Identity>)>;
  void login(Session& session, LoginKind kind, Credentials credentials, IdentityThen then);
  using TokenThen = UniqueFunction<void(Session*, Result<TokenSignIn>)>;
  void loginByToken(Session& session, TokenCredentials credentials, TokenThen then);
  /// A token for the user who has just logged in.
  void issueToken(Session& session, UniqueFunction<void(Session*, Result<std::string>)> then);
  void listCharacters(Session& session, UniqueFunction<void(Session*, Result<std::vector<Character>>)> then);
  void createCharacter(Session& session, NewCharacter wanted, UniqueFunction<void(Session*, Result<Character>)> then);

  // Play (playing.cpp)
  void enter(EnterRequest request);
  /// reconnectToken: the one that is in force; empty before Playing.
  std::string sessionBlockJson(Session& session, Lineage& lineage, bool resumed, const std::string& reconnectToken);
  std::string helloOkJson(Session* session, Lineage* lineage, const Attachment* attachment, const std::string& connId,
                          bool resumed, const std::string& reconnectToken = {});
  bool playLine(Session& session, Attachment* from, const std::string& text);  // false: refused
  /// A command that its client may have numbered (clientSeq, by device; 0: it has not): carried out once, and answered
  /// to the caller {"duplicate":…} once it is safe, or with an error.
  struct NumberedBy {
    Caller caller;
    Attachment* attachment;  // null: an HTTP request
    std::string device;
    uint64_t clientSeq;
  };
  void takeCommand(Session& session, const NumberedBy& by, std::string_view text);
  std::string issueTypedCode(Attachment& attachment);
  std::string issueAttachToken(Session& session, Lineage& from);
  void leavePlaying(Session& session, const std::string& reason);
  void announcePresence(Session& session, bool leaving = false);

  // Resume (resume.cpp)
  void resume(ResumeRequest request);
  /// From the login flow: answered by LoginFlow::entered on failure.
  void resumeByCode(Attachment& attachment, const std::string& typed);

  // Backend output (backend_output.cpp), posted here by the gateway's BackendSink
  void output(const SessionId& id, plugin::EventPtr event);
  void prompt(const SessionId& id, std::string text, bool echo);
  void backendDisconnect(const SessionId& id, const std::string& reason, const std::string& text);

  // A backend that counts and may be away (backend_frames.cpp); as BackendSink's
  void frame(const SessionId& id, const SessionFrame& frame);
  void introduce(const SessionId& id);
  void giveAgain(const SessionId& id, uint64_t fromSeq);
  Result<SessionFacts> describe(const SessionId& id);
  void keepSetting(std::string key, std::string value, UniqueFunction<void(Result<void>)> done);
  PlayingSession playingSession(const Session& session, bool resumed) const;

  void commandsDone(const SessionId& id, uint64_t seq);
  void joinRoom(const SessionId& id, const std::string& room);
  void leaveRoom(const SessionId& id, const std::string& room);

  /// Strict durability's part of this loop; null in relaxed. For Journal::connect().
  LoopJournal* journal() { return journal_.get(); }

  // Store (saving.cpp, loading.cpp, saving_all.cpp)
  void markForSaving(Session& session);
  /// Null: there is no such session (any more). Fails kUnavailable: the store does not say.
  using LoadThen = UniqueFunction<void(Result<Session*>)>;
  void load(const SessionId& id, LoadThen then);
  void saveNow(Session& session, bool cleanStop, UniqueFunction<void(bool)> done);
  /// [loop] Writes every session's final state with the clean-stop mark.
  void saveAllForStop(std::shared_ptr<StopProgress> progress);

  // After a restart (restoring.cpp): who was here is here, to hear what the others say
  static bool wasPresent(const store::SessionRecord& row);
  /// Loads these; done is called here. What was queued for the backend waits for giveQueuedCommands().
  void restore(std::vector<SessionId> sessions, UniqueFunction<void()> done);
  void giveQueuedCommands();

  Session& adoptLoaded(const store::SessionBundle& bundle);
  static void onSessionTimer(void* session);

 private:
  friend class ClientApi;
  friend class LoginFlow;

  /// records: of the journal, included in its row.
  std::unique_ptr<Session> makeSession(const SessionId& id, uint64_t records);
  Attachment& attachmentFor(plugin::Stream& stream);
  void startTerminal(Attachment& attachment);
  void sessionTimer(Session& session);
  void armTimer(Session& session);
  bool isExempt(const Identity& user) const;
  uint64_t idleEndNs(const Session& session) const;
  uint64_t lifetimeEndNs(const Session& session) const;
  void lastConnectionGone(Session& session, uint32_t code);
  void discard(Session& session);  // out of memory
  void tellAbandoned(std::vector<WhenCommitted> waiting);
  void unload(Session& session);
  void stayLoaded(Session& session);
  void tellLoaded(const SessionId& id, bool isKnown);
  void trimStored(const SessionId& id, const std::string& userId);
  void restoreSome();
  plugin::LoopEventPtr storedEvent(const std::string& body);  // null: damaged
  void saveLast(std::shared_ptr<StopProgress> progress);
  void housekeeping();
  void publishFigures();
  void guardMemory();
  void saveAway(Session& session);
  void extendTokens(Session& session);
  void refreshLongSessions();
  void checkLoginDeadline(Attachment& attachment);
  /// Takes one command from the budgets of its connection (null: POST /rpc) and its user. 0: it may come;
  /// else how long to wait, in ms.
  uint64_t refusedForMs(Session& session, Attachment* from);
  double commandBurst(const plugin::AccountTraits& traits) const {
    return traits.commandBurst > 0 ? traits.commandBurst : limits_.commandBurst;
  }
  Result<void> admitUser(Session& session, const Identity& user);
  void noteAuthenticated(Session& session);
  void handleTypedLine(Attachment& attachment, std::string line);
  gw_status submitCommand(Attachment& attachment, uint64_t token, const gw_input& input);
  bool handleOwnCommand(Session& session, Attachment& attachment, const std::string& line);
  void giveToBackend(const SessionId& id, uint64_t seq, const std::string& line);
  /// For requests: what is asked of it is pushed at the end of this turn. Null: there is none.
  Backend* backend();
  void apply(Session& session, const SessionFrame& frame);

  void verdictFor(EnterRequest request, Verdict verdict);
  void enterHere(EnterRequest request);
  void takeOverThere(EnterRequest request, const SessionId& existing);
  void finishEnter(Session& session, const EnterRequest& request, bool resumed);
  void tellEntered(Session& session, uint32_t lineageId, const EnterRequest& request, bool resumed,
                   const std::string& token);
  std::string firstToken(Session& session, Lineage& lineage);
  void closeOthersForGameSession(Session& session, const Attachment* keep, const std::string& gameSession);
  void failEnter(const EnterRequest& request, const Error& error);
  void moveStreamTo(SessionManager& target, uint64_t streamId, UniqueFunction<void(Attachment&)> there);
  /// Sessions of POST /rpc before login, by address: no socket of their own limits them. False: too many.
  bool countStranger(Session& session, const std::string& limitKey);
  void forgetStranger(Session& session);
  void detachFrom(Attachment& attachment);
  void evictBeyondLimit(Session& session, const Attachment& newest);
  void toUserLoop(const Claim& claim, UniqueFunction<void(Verdict)> done);
  void releaseUser(Session& session);
  void releaseClaim(const std::string& userId, const SessionId& id);
  void finishAsReplaced(const SessionId& id, UniqueFunction<void()> done);
  void findStored(const Claim& claim, UniqueFunction<void(SessionId)> done);

  void resumeHere(ResumeRequest request);
  void resumeLoaded(Session& session, ResumeRequest request);
  void resumeCommitted(Session& session, uint32_t lineageId, const ResumeRequest& request, const std::string& newToken);
  void abandonResume(Session& session);
  void refuseResume(const ResumeRequest& request, const Error& error);
  void bindHere(Caller caller, uint32_t kind, const SessionToken& credential, Position from, bool isStoreAway);
  void answerBinding(const Caller& caller, uint32_t status, const std::string& cookie,
                     std::unique_ptr<PendingBinding> binding, size_t homeIndex);
  void attachBound(plugin::Stream& stream);

  void housekeepSaving();
  void saveSome();
  /// A write that belongs to a session, in the order of the calls; in strict with the journal's next cut.
  void writeOf(const SessionId& id, UniqueFunction<Result<void>(store::SessionStore&)> work,
               UniqueFunction<void(Result<void>)> done);
  /// Reads what belongs to a session, behind every writeOf() of it.
  void readOf(const SessionId& id, UniqueFunction<Result<void>(store::SessionStore&)> work,
              UniqueFunction<void(Result<void>)> done);
  /// What is told next must survive: in strict it waits until the session's row is committed. Null: it ended before.
  void tellOnceSaved(Session& session, UniqueFunction<void(Session*)> tell);
  void checkpoint(std::vector<SessionId> sessions);
  void checkpointSome();
  void watchJournal();
  void strictAgain();
  void tellEverybody(const std::string& text);
  /// Strict and full: no more input for now; the stream is asked again when there is room.
  bool isJournalFull(plugin::Stream& stream);
  void readAgain();
  void revokeTokens(Session& session);
  void storeCode(Session& session, uint32_t lineageId, const std::string& code);
  store::SessionBundle bundleOf(Session& session, bool cleanStop) const;
  void addLog(const Session& session, store::SessionBundle& bundle) const;
  void eraseFromStore(Session& session);
  void deleteExpired();

  Services& services_;
  SessionLimits limits_;  // this loop's copy, replaced on reload
  bool isPaused_ = false;
  bool isPushDue_ = false;
  plugin::StreamHost& streams_;
  net::EventLoop& loop_;
  BroadcastPort& broadcast_;
  UserRegistry users_;
  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::vector<uint64_t> strangers_;  // streams that have not logged in; swept every second
  std::vector<SessionId> dirty_;     // to be saved after saveDelay
  size_t savesDue_ = 0;              // so many of dirty_ are old enough
  size_t savesUnderWay_ = 0;
  std::unique_ptr<LoopJournal> journal_;
  std::vector<SessionId> checkpoint_;  // still to be saved for it
  size_t checkpointSaves_ = 0;         // under way
  bool isCheckpointing_ = false;
  bool isStalled_ = false;            // what waits for the journal has waited for long
  std::vector<SessionId> lastSaves_;  // at the stop
  size_t lastSavesUnderWay_ = 0;
  std::vector<SessionId> restore_;
  size_t restoresUnderWay_ = 0;
  UniqueFunction<void()> restored_;
  std::unordered_map<std::string, plugin::LoopEventPtr> restoredEvents_;  // by their packed form
  std::vector<uint64_t> unread_;  // streams whose input waits for room in the journal
  std::unordered_map<SessionId, std::vector<LoadThen>> loading_;
  std::unordered_map<std::string, uint32_t> strangerSessions_;
  net::Timer tick_;
  Figures figures_;
  uint32_t ticks_ = 0;
  uint64_t refreshedNs_ = 0;
  uint32_t savedAwayThisTick_ = 0;
};

}  // namespace gw::session
