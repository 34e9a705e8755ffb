#pragma once
// Transaction: everything that one call of yours changes. It is one with what you change in your own tables
// (gw/backend/database.hpp): stored together, and sent only after that. If your call throws, nothing of it is stored
// or sent.
//
// Thread: the worker's, for the length of the call. Nothing here blocks.
// Throws: std::length_error for a frame over 64 KiB; OutboxFull.

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gw/backend/output.hpp"
#include "gw/backend/types.hpp"

namespace gw::backend {

class Stage;
class Transaction;

/// With one more counted frame, over Options::maxOutbox of them would wait for the gateway. Thrown in work of
/// Link::post and Link::every, and in what getSession() calls at once because there is no link; the work is taken back
/// as a whole, also if it catches this. Commands and session events have no bound here: they come from a gateway that
/// listens, and it bounds them.
class OutboxFull : public std::runtime_error {
 public:
  OutboxFull() : std::runtime_error("the outbox is full: more than maxOutbox frames would wait for the gateway") {}
};

struct Broadcast {
  std::string event;                  // an event name; empty: ordinary output
  std::optional<Output> output;       // this
  std::string payload;                // or this: JSON
  std::vector<std::string> rooms;     // whom: all rooms and sessions if neither is named, which needs the
  std::vector<std::string> sessions;  // token's capability "broadcast"
  std::vector<std::string> exclude;
};

/// The answer to getSession().
struct SessionReport {
  std::optional<Refusal> refusal;
  std::string json;  // session.get's payload
};
using OnReport = std::function<void(Transaction&, const SessionReport&)>;

class Transaction {
 public:
  explicit Transaction(Stage& stage) : stage_(stage) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void output(std::string_view session, const Output& output, const Delivery& delivery = Delivery::must());
  void text(std::string_view session, std::string_view text) { output(session, Output::text(text)); }
  /// echo false hides what is typed next; it comes as onPrivate.
  void prompt(std::string_view session, std::string_view text, bool echo = true);
  /// updateType: stats, position, inventory, equipment, statusEffects, custom. data: JSON.
  void entityChanged(std::string_view session, std::string_view updateType, std::string_view data);
  void setPlain(std::string_view session, bool isPlain);
  /// Ends the session. text: the last thing they read.
  void disconnect(std::string_view session, std::string_view reason = {}, std::string_view text = {});

  void join(std::string_view session, std::string_view room);
  void leave(std::string_view session, std::string_view room);
  /// To all who are in the room of the gateway, but not to the sessions of `exclude`.
  void roomOutput(std::string_view room, const Output& output, const std::vector<std::string>& exclude = {},
                  const Delivery& delivery = Delivery::must());
  void broadcast(const Broadcast& broadcast, const Delivery& delivery = Delivery::must());

  /// Asks the gateway; `then` is called later in a transaction of its own, with a refusal if the link breaks.
  void getSession(std::string_view session, OnReport then);

  /// Called once this is stored and before anything of it is sent. Must not throw.
  void afterCommit(std::function<void()> then);

  /// All who play, in no order.
  std::vector<const Session*> sessions() const;
  /// nullptr: not known (any more).
  const Session* find(std::string_view session) const;

 private:
  friend Stage& stageOf(Transaction& transaction);
  Stage& stage_;
};

}  // namespace gw::backend
