#pragma once
// The backend as sessions see it, and the gateway as a backend sees it. Both sides are asynchronous:
// the built-in lobby (a thread) and a program behind the backend link implement the same interface.
//
// Thread: Backend's methods may be called from any loop; they only queue. Replies are called exactly
// once, on the backend's thread and never synchronously; the session side posts them to its loop.
// Counting: command seqs rise within a session; a backend acknowledges them cumulatively by
// BackendSink::acknowledge. A backend that may be gone for a while counts what it sends, too: SessionFrame.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "plugin/event.h"

namespace gw::session {

struct Identity {
  std::string userId;    // stable, opaque
  std::string userName;  // as shown
  bool isGuest = false;
  bool plain = false;  // the user's kept wish for plain output (screen reader)
};

struct Character {
  std::string id;
  std::string name;
  std::string summary;  // one line for lists; may be empty
};

struct Credentials {
  std::string userName;
  std::string password;
  std::string address;   // peer ip, for throttling
  std::string limitKey;  // net::PeerAddress::limitKey()
  SessionId session{};   // the one that logs in
};

/// What a client shows in place of a password.
struct TokenCredentials {
  std::string userName;
  std::string token;
  bool wantsNext = false;  // it will keep the one that follows
  std::string address;     // as for Credentials
  std::string limitKey;
};

struct TokenSignIn {
  Identity user;
  std::string nextToken;  // in place of the one shown, which stays good until this is used; may be empty
};

struct NewCharacter {
  std::string name;
  std::string json;  // the whole request object (race, class, ...), for backends that use it
};

struct BackendCapabilities {
  bool characters = true;  // false: an implicit one per user
  bool registration = true;
  bool guests = false;
  bool tokens = false;  // signInByToken and issueToken do something
  std::string welcome;  // text before login; may hold several lines
};

/// How many of a backend's counted frames a session has: n of the last one, by instance of the backend.
struct OutputCount {
  std::string instance;
  uint64_t n = 0;
  /// The host crashed since: the backend may rightly be further than this says.
  bool isUncertain = false;
};

/// A session that entered Playing.
struct PlayingSession {
  SessionId session;
  Identity user;
  Character character;
  bool resumed = false;            // came back from the store: the backend may have forgotten it
  std::vector<std::string> rooms;  // the rooms it is in
  std::vector<OutputCount> counts;
  bool isAway = false;  // it is Disconnected
};

/// What a backend sends for one session and counts: the gateway takes each n once and in order, and keeps the count
/// with what the frame does. n 0: not counted.
struct SessionFrame {
  enum class Kind : uint8_t {
    kOutput,
    kPrompt,
    kDisconnect,
    kPlain,
    kJoinRoom,
    kLeaveRoom,
    kNothing  // refused: only its number counts
  } kind = Kind::kOutput;
  std::shared_ptr<const std::string> instance;
  uint64_t n = 0;
  plugin::EventPtr event;  // kOutput, cleaned
  std::string text;        // kPrompt, kDisconnect; kJoinRoom, kLeaveRoom: the room
  std::string reason;      // kDisconnect
  bool flag = false;       // kPrompt: echo; kPlain: plain
};

/// Why a counted frame was not taken.
enum class NotTaken : uint8_t {
  kAhead,      // frames before it are missing
  kNoSession,  // it is over
};

/// For session.get.
struct SessionFacts {
  PlayingSession playing;
  std::string channel;  // that made it
  size_t connections = 0;
};

template <typename T>
using Reply = UniqueFunction<void(Result<T>)>;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual BackendCapabilities capabilities() const = 0;  // any thread, immutable or swapped atomically
  virtual bool isUp() const = 0;                         // any thread
  virtual void authenticate(Credentials credentials, Reply<Identity> reply) = 0;
  virtual void registerUser(Credentials credentials, Reply<Identity> reply) = 0;
  /// Of the credentials only where they come from.
  virtual void guest(Credentials credentials, Reply<Identity> reply) = 0;
  /// Without the capability it fails. kUnauthorized: the token is void; kUnavailable: it may be good still.
  virtual void signInByToken(TokenCredentials credentials, Reply<TokenSignIn> reply) = 0;
  /// A token for a user who has just signed in.
  virtual void issueToken(std::string userId, Reply<std::string> reply) = 0;
  virtual void listCharacters(std::string userId, Reply<std::vector<Character>> reply) = 0;
  virtual void createCharacter(std::string userId, NewCharacter wanted, Reply<Character> reply) = 0;
  /// Checks that the user may play it (by id or by name).
  virtual void selectCharacter(std::string userId, std::string idOrName, Reply<Character> reply) = 0;

  virtual void entered(PlayingSession session) = 0;
  virtual void left(SessionId session, std::string reason) = 0;          // closed or back to selection
  virtual void disconnected(SessionId session, std::string reason) = 0;  // no connection left
  virtual void reconnected(SessionId session) = 0;
  virtual void command(SessionId session, uint64_t seq, std::string text) = 0;
  /// A line answered under prompt{echo:false}: never queued nor logged.
  virtual void privateCommand(SessionId session, std::string text) = 0;

  /// Everything above may wait until this, which follows at the end of the caller's loop turn: the
  /// backend is woken up once a turn, not once a call.
  virtual void push() = 0;

  // For a backend that counts and may be away; on the session's loop
  /// Its counted frames up to n are kept (strict: committed).
  virtual void taken(const SessionId& /*session*/, uint64_t /*n*/) {}
  /// expected: the n that is due (kAhead).
  virtual void notTaken(const SessionId& /*session*/, uint64_t /*n*/, NotTaken /*why*/, uint64_t /*expected*/) {}
  /// What BackendSink::introduce asked for; the queued commands follow by command().
  virtual void introduced(PlayingSession /*session*/) {}
};

/// What a backend may ask of the gateway. Any thread; FIFO per calling thread and session.
class BackendSink {
 public:
  virtual ~BackendSink() = default;
  /// Text may carry SGR escapes; they become spans, every other escape is dropped.
  virtual void output(SessionId session, plugin::Event event, uint64_t n) = 0;
  virtual void prompt(SessionId session, std::string text, bool echo) = 0;
  virtual void acknowledge(SessionId session, uint64_t seq) = 0;
  /// kicked, serverShutdown, ...; text is shown to the player.
  virtual void disconnect(SessionId session, std::string reason, std::string text) = 0;
  virtual void broadcastToRoom(std::string room, plugin::Event event, std::vector<SessionId> exclude,
                               std::vector<std::string> excludeUsers) = 0;
  virtual void broadcast(plugin::Event event) = 0;
  /// To sessions in any of the rooms (none: in all), or, if named, to these sessions; but not to `exclude`.
  virtual void broadcastTo(plugin::Event /*event*/, std::vector<SessionId> /*include*/,
                           std::vector<SessionId> /*exclude*/) {}
  virtual void joinRoom(SessionId session, std::string room) = 0;
  virtual void leaveRoom(SessionId session, std::string room) = 0;
  /// A typed code for /token; shown on the asking session only.
  virtual void setPlain(SessionId session, bool plain) = 0;
  /// A frame of a backend that counts; answered by Backend::taken or notTaken unless n is 0.
  virtual void frame(const SessionId& /*session*/, SessionFrame /*frame*/) {}
  /// Backend::introduced is called for it, then it is given its queued commands; nothing if it is over.
  virtual void introduce(const SessionId& /*session*/) {}
  /// Commands of the session from this seq on were not taken for want of room: give them again.
  virtual void giveAgain(const SessionId& /*session*/, uint64_t /*fromSeq*/) {}
  virtual void describe(const SessionId& /*session*/, Reply<SessionFacts> /*reply*/) {}
  /// Keeps a setting of the gateway; within a unit together with what the unit does.
  virtual void keep(std::string /*key*/, std::string /*value*/, UniqueFunction<void(Result<void>)> /*done*/) {}
  /// What a producer asks for between them is kept together through a crash, all of it or nothing: a
  /// command's effects and its acknowledgement. One unit at a time, on one thread; it may not wait in it.
  virtual void beginUnit() {}
  virtual void endUnit() {}
  /// Producers that see true stop taking work in until it is false again.
  virtual bool isCongested() const = 0;
  /// Calls wake once, as soon as it is false: at once on this thread, or later on any other, where it must
  /// not block. A producer has one such call under way at a time. Never called once the gateway stops.
  virtual void whenUncongested(Task wake) = 0;
};

}  // namespace gw::session
