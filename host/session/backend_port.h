#pragma once
// The backend as sessions see it, and the gateway as a backend sees it. Both sides are asynchronous:
// the built-in lobby (a thread) and a program behind the backend link implement the same interface.
//
// Thread: Backend's methods may be called from any loop; they only queue. Replies are called exactly
// once, on the backend's thread and never synchronously; the session side posts them to its loop.
// Counting: command seqs rise by one per session; a backend acknowledges them cumulatively by
// BackendSink::acknowledge. Outputs carry n per session, which rises by one (0: not counted).

#include <cstdint>
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

/// A session that entered Playing.
struct PlayingSession {
  SessionId session;
  Identity user;
  Character character;
  bool resumed = false;            // came back from the store: the backend may have forgotten it
  std::vector<std::string> rooms;  // resumed: the rooms it was in
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
  virtual void guest(std::string limitKey, Reply<Identity> reply) = 0;
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
  virtual void joinRoom(SessionId session, std::string room) = 0;
  virtual void leaveRoom(SessionId session, std::string room) = 0;
  /// A typed code for /token; shown on the asking session only.
  virtual void setPlain(SessionId session, bool plain) = 0;
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
