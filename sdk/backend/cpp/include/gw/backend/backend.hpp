#pragma once
// Backend: what you write. The library calls it, one call at a time.
//
// Thread: all calls come on one thread, that of Link::run(). Do not block: whoever plays waits for it. Slow work
// (hashing a password) belongs on Link::background().
// Each call is all or nothing: if it throws, what it stored, sent and answered is taken back, and the library logs it.
// Your own memory is yours to mend: change it in Transaction::afterCommit, or after everything that may throw.

#include <string_view>

#include "gw/backend/answer.hpp"
#include "gw/backend/transaction.hpp"
#include "gw/backend/types.hpp"

namespace gw::backend {

class Backend {
 public:
  virtual ~Backend() = default;

  /// Once, before the first connection: make your tables, load your world.
  virtual void onStart(Transaction&) {}

  // --- Logging in. What is not overridden is answered METHOD_NOT_FOUND.
  virtual void authenticate(Transaction&, const Credentials&, const Answer<User>& answer) = 0;
  virtual void registerUser(Transaction&, const Credentials&, const Answer<User>& answer);
  virtual void guest(Transaction&, const Credentials&, const Answer<User>& answer);
  virtual void characters(Transaction&, std::string_view user, const Answer<std::vector<Character>>& answer);
  virtual void createCharacter(Transaction&, const NewCharacter&, const Answer<Character>& answer);
  /// character: an id or a name. Only says whether they may; onEntered comes when they do.
  virtual void selectCharacter(Transaction&, std::string_view user, std::string_view character,
                               const Answer<Character>& answer);

  // --- Playing. After a restart of yours only the id of a Session is known until onReconnected.
  /// Exactly once a session, also if the link broke when it began.
  virtual void onEntered(Transaction&, const Session&) {}
  virtual void onReconnected(Transaction&, const Session&, Cause) {}
  /// Nobody is connected; what you send goes on into their log.
  virtual void onDisconnected(Transaction&, const Session&, std::string_view /*reason*/) {}
  /// It is over. What you send to it is dropped. reason notFound: the gateway had forgotten it meanwhile.
  virtual void onClosed(Transaction&, const Session&, std::string_view /*reason*/) {}
  /// Exactly once a command, in order: together with its effects it is stored, or it is carried out again.
  virtual void onCommand(Transaction&, const Session&, std::string_view text) = 0;
  /// The answer to a prompt without echo; at most once.
  virtual void onPrivate(Transaction&, const Session&, std::string_view /*text*/) {}

  // --- The link.
  /// Everyone whom this connection serves has been told.
  virtual void onReady(Transaction&, size_t /*sessions*/) {}
  virtual void onLinkLost(Transaction&, std::string_view /*why*/) {}
};

}  // namespace gw::backend
