#pragma once
// RemoteBackend: the backend behind the link: which connection serves which session, what goes to it and what comes of
// it. The gateway's sessions see a Backend like the lobby; the backend's program sees docs/protocol/backend-link.md.
//
// Thread: the Backend's methods on loops, LinkPort's on connections' threads, the rest from anywhere. One lock guards
// who serves whom; it is held for look-ups and for putting a frame into a queue, never while something is waited for.
// Invariants
//  1. A session's commands go to one connection, in order, and only after that connection was told of the session.
//  2. What a connection sends for a session that it does not serve is refused.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/link/connection.h"
#include "backend/link/options.h"
#include "session/backend_port.h"
#include "session/session_metadata.h"

namespace gw::link {

class RemoteBackend final : public session::Backend, public LinkPort {
 public:
  /// options, sink and clock outlive it. counts: the setting countsKey() as it is stored. isExact: it is written
  /// together with what it counts (strict); else a crash may have lost some.
  RemoteBackend(const LinkOptions& options, session::BackendSink& sink, const Clock& clock, TokenCheck tokens,
                const std::string& counts, bool isExact);
  ~RemoteBackend();

  /// Relaxed: so often the counts of frames without a session are written.
  static constexpr uint64_t kKeepEachNs = 1'000'000'000;
  static std::string countsKey(const std::string& name) { return "link." + name; }

  /// A connection that has not shown its token yet. The id is new.
  std::shared_ptr<LinkConnection> open(std::unique_ptr<LinkSocket> socket, std::string address);
  /// Ends all connections, and waits so long for them to have said goodbye.
  void stop(uint64_t limitMs = 0);
  LinkFigures figures() const;
  /// Called, on any thread, when figures().state has changed.
  void setOnChange(Task onChange) { onChange_ = std::move(onChange); }
  /// Why is shown as the link's state while nobody is connected.
  void noteRefusedConnect(const std::string& why);

  // For operators. Fail kNotFound.
  Result<void> disconnect(const std::string& connectionId);  // "": all
  /// It is told; its sessions go to other connections, and it gets no new ones.
  Result<void> drain(const std::string& connectionId, uint64_t graceMs);

  // session::Backend
  session::BackendCapabilities capabilities() const override;
  bool isUp() const override;
  void authenticate(session::Credentials credentials, session::Reply<session::Identity> reply) override;
  void registerUser(session::Credentials credentials, session::Reply<session::Identity> reply) override;
  void guest(session::Credentials credentials, session::Reply<session::Identity> reply) override;
  void signInByToken(session::TokenCredentials credentials, session::Reply<session::TokenSignIn> reply) override;
  void issueToken(std::string userId, session::Reply<std::string> reply) override;
  void listCharacters(std::string userId, session::Reply<std::vector<session::Character>> reply) override;
  void createCharacter(std::string userId, session::NewCharacter wanted,
                       session::Reply<session::Character> reply) override;
  void selectCharacter(std::string userId, std::string idOrName, session::Reply<session::Character> reply) override;
  void entered(session::PlayingSession session) override;
  void left(SessionId session, std::string reason) override;
  void disconnected(SessionId session, std::string reason) override;
  void reconnected(SessionId session) override;
  void command(SessionId session, uint64_t seq, std::string text) override;
  void privateCommand(SessionId session, std::string text) override;
  void push() override;
  void taken(const SessionId& session, uint64_t n) override;
  void notTaken(const SessionId& session, uint64_t n, session::NotTaken why, uint64_t expected) override;
  void introduced(session::PlayingSession session) override;

  // LinkPort
  void received(LinkConnection& from, const nlohmann::json& frame) override;
  void gone(LinkConnection& connection, const std::string& why) override;
  void noteTurnedAway() override;  // also the door's
  void hasRoom(LinkConnection& connection) override;
  bool isCongested() const override { return sink_.isCongested(); }
  void whenUncongested(Task wake) override;
  Trace& trace() override { return trace_; }

 private:
  friend class Inbound;
  using Json = nlohmann::json;
  using ConnectionPtr = std::shared_ptr<LinkConnection>;

  /// A session that plays, and who serves it.
  struct Served {
    session::PlayingSession playing;
    ConnectionPtr connection;                                // null: waits for one
    bool isIntroduced = false;                               // its connection has been told
    bool isIntroducing = false;                              // counted in introductionsLeft
    uint64_t heldFrom = 0;                                   // commands from this seq on wait for room; 0: none does
    std::vector<std::pair<uint64_t, std::string>> requests;  // counted frames to be answered: n, id as JSON
  };

  // Calls (remote_calls.cpp)
  template <typename T, typename Read>
  void ask(std::string_view method, const std::string& params, session::Reply<T> reply, Read read);
  ConnectionPtr forCall();
  void logIn(std::string_view method, const session::Credentials& credentials, session::Reply<session::Identity> reply);

  // Connections (remote_connections.cpp)
  /// As the answer to connect. Fails as TokenCheck, or kForbidden, kInvalid.
  Result<std::string> admit(LinkConnection& connection, const Json& params);
  void admitted(LinkConnection& connection);
  ConnectionPtr pick(const std::string& instance) const;
  void serve(Served& served, const ConnectionPtr& connection, std::vector<SessionId>& toIntroduce);
  void stopServing(Served& served);
  void introductionDone(Served& served);
  ConnectionPtr byId(const std::string& connectionId) const;
  bool isOldestOfInstance(const LinkConnection& connection) const;

  // For frames (remote_frames.cpp)
  /// Whether this connection serves the session. requestId: of a counted request, answered once n is taken; n 0: none.
  /// Fails kForbidden, kNotFound, kRateLimited.
  Result<void> mayActOn(const SessionId& session, LinkConnection& from, uint64_t n, std::string requestId);
  void noteAnswer(bool isAwaited, bool isOk, uint64_t tookMs);
  /// The last frame without a session that was taken of this instance.
  uint64_t lastShared(const std::string& instance);
  /// Acts unless n was taken before. Fails kConflict, its detail {"expected":n}.
  Result<std::string> takeShared(LinkConnection& from, uint64_t n, const std::function<void()>& act);

  // Of a session that this connection serves (with mutex_ held); null: it does not
  Served* servedBy(const SessionId& session, const LinkConnection& connection);
  uint64_t lastOf(const session::PlayingSession& playing, const LinkConnection& connection) const;

  const LinkOptions& options_;
  session::BackendSink& sink_;
  const Clock& clock_;
  const TokenCheck tokens_;
  Trace trace_;
  Task onChange_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable becameFewer_;
  bool isStopped_ = false;
  std::vector<std::shared_ptr<LinkConnection>> opened_;  // not admitted yet
  std::vector<ConnectionPtr> connections_;               // admitted, the oldest first
  std::unordered_map<SessionId, Served> sessions_;
  session::BackendCapabilities capabilities_;
  LinkFigures figures_;
  uint64_t lastConnection_ = 0;
  uint64_t awaySinceNs_ = 0;  // 0: up, or never was

  std::mutex countsMutex_;        // one frame without a session at a time, and its place in the unit
  session::OutputCounts counts_;  // frames without a session, by instance
  const bool isExact_;
  uint64_t keptNs_ = 0;  // guarded by countsMutex_, as counts_ is
};

}  // namespace gw::link
