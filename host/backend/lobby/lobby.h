#pragma once
// Lobby: the built-in backend: accounts, characters, rooms and talk. One thread with no locks on its
// state; everything reaches it through a bounded inbox (inbox.h says what happens at the bound).
//
// Thread: the Backend methods, configure(), mute() and figures() from anywhere; they only queue. Replies
// and all calls of the sink are made on the lobby's thread. Sink, workers, hasher and clock outlive it.
// After stop() nothing is called any more, replies that were still owed included; the sessions are gone
// by then.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "backend/lobby/inbox.h"
#include "backend/lobby/options.h"
#include "base/clock.h"
#include "session/backend_port.h"

namespace gw::store {
class StoreWorkers;
}

namespace gw::lobby {

class PasswordHasher;

class Lobby final : public session::Backend {
 public:
  Lobby(LobbyOptions options, session::BackendSink& sink, store::StoreWorkers& workers, PasswordHasher& hasher,
        const Clock& clock);
  ~Lobby() override;  // stop()
  Lobby(const Lobby&) = delete;
  Lobby& operator=(const Lobby&) = delete;

  /// [control] Ends the thread after the call that it is at. Idempotent.
  void stop();
  /// Applies what can change while running: welcome, registration, guests, reserved names, limits of
  /// accounts. Rooms and the inbox's bounds stay.
  void configure(LobbyOptions options);
  /// An operator mutes a user until then (µs UTC; 0: no longer, INT64_MAX: for ever). Kept.
  void mute(std::string userId, int64_t untilUs);
  LobbyFigures figures() const;

  // session::Backend
  session::BackendCapabilities capabilities() const override;
  bool isUp() const override { return true; }
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
  void push() override;
  void privateCommand(SessionId session, std::string text) override;

 private:
  struct Core;  // everything that belongs to the thread

  void run();
  /// Waits while the gateway is full. False: stopping.
  bool hasCredit();
  void handle(Call& call);
  void answerRefused(const Inbox::Batch& batch);
  void publishFigures();
  template <typename T, typename Ask>
  void login(session::Reply<T> reply, Ask ask);

  session::BackendSink& sink_;
  const Clock& clock_;
  std::shared_ptr<Inbox> inbox_;  // shared with answers of the store and the pool that are on their way
  std::unique_ptr<Core> core_;

  mutable std::mutex shown_;  // guards what other threads read
  session::BackendCapabilities capabilities_;
  LobbyFigures figures_;
  uint64_t commands_ = 0;  // lobby's thread
  uint64_t pauses_ = 0;    // lobby's thread
  std::once_flag stopped_;
  std::thread thread_;
};

}  // namespace gw::lobby
