#include <utility>

#include "incoming.h"
#include "worker_call.h"

namespace gw::backend {
namespace {

using nlohmann::json;

void describe(Session& session, const json& payload) {
  const json& user = objectOf(payload, "user");
  session.userId = textOf(user, "id");
  session.userName = textOf(user, "name");
  session.isGuest = truthOf(user, "guest", false);
  session.isPlain = truthOf(user, "plain", false);
  const json& character = objectOf(payload, "character");
  session.characterId = textOf(character, "id");
  session.characterName = textOf(character, "name");
  session.hasPlayer = textOf(payload, "state") != "disconnected";
  const auto rooms = payload.find("rooms");
  if (rooms == payload.end() || !rooms->is_array()) return;  // as they were
  session.rooms.clear();
  for (const auto& room : *rooms) {
    if (room.is_string()) session.rooms.push_back(room.get<std::string>());
  }
}

Cause causeOf(const json& payload) {
  const std::string cause = textOf(payload, "cause");
  return cause == "player" ? Cause::kPlayer : cause == "restored" ? Cause::kRestored : Cause::kLink;
}

}  // namespace

void Worker::carryOut(const EventItem& event) {
  if (event.name == "session.entered") {
    entered(event.payload);
  } else if (event.name == "session.reconnected") {
    reconnected(event.payload);
  } else if (event.name == "session.disconnected") {
    disconnected(event.payload);
  } else if (event.name == "session.closed") {
    if (Account* account = ledger_.find(textOf(event.payload, "session")))
      close(*account, textOf(event.payload, "reason"));
  } else if (event.name == "link.error") {
    linkError(event.payload);
  } else if (event.name == "link.ready") {
    ready();
  } else if (event.name == "link.drain") {
    log_.info("an operator wants this backend gone");
    stop();
  }
}

void Worker::carryOut(const LinkUp& link) {
  generation_ = link.generation;
  isReady_ = false;
  Account& rest = ledger_.withoutSession();
  open(rest, link.n < 0 ? rest.acked : link.n);
}

void Worker::carryOut(const LinkDown& link) {
  generation_ = 0;
  isReady_ = false;
  outgoing_ = Batches(kMaxMessage);
  for (Account* account : ledger_.living()) account->isOpen = false;
  ledger_.withoutSession().isOpen = false;
  reopenAt_.reset();
  for (auto& [id, then] : std::exchange(asked_, {})) {
    const SessionReport report{Refusal{"UNAVAILABLE", "The link to the gateway broke.", "", -1}, {}};
    call("getSession", [&, &work = then](Transaction& tx) { work(tx, report); });
  }
  call("onLinkLost", [&](Transaction& tx) { backend_.onLinkLost(tx, link.why); });
}

void Worker::entered(const json& payload) {
  const std::string id = textOf(payload, "session");
  if (id.empty()) return;
  Account& account = ledger_.enter(id);
  account.session.rooms.clear();
  describe(account.session, payload);
  if (!account.isOpen) open(account, numberOf(payload, "n", account.acked));
  call("onEntered", [&](Transaction& tx) { backend_.onEntered(tx, account.session); });
}

void Worker::reconnected(const json& payload) {
  const std::string id = textOf(payload, "session");
  if (id.empty()) return;
  const bool isNew = ledger_.find(id) == nullptr;
  Account& account = isNew ? ledger_.enter(id) : ledger_.account(id);
  describe(account.session, payload);
  if (!account.isOpen) open(account, numberOf(payload, "n", account.acked));
  // session.entered was lost with an older connection, or was told to another instance.
  if (isNew) call("onEntered", [&](Transaction& tx) { backend_.onEntered(tx, account.session); });
  const Cause cause = causeOf(payload);
  call("onReconnected", [&](Transaction& tx) { backend_.onReconnected(tx, account.session, cause); });
}

void Worker::disconnected(const json& payload) {
  Account* account = ledger_.find(textOf(payload, "session"));
  if (account == nullptr) return;
  account->session.hasPlayer = false;
  const std::string reason = textOf(payload, "reason");
  call("onDisconnected", [&](Transaction& tx) { backend_.onDisconnected(tx, account->session, reason); });
}

void Worker::close(Account& account, const std::string& reason) {
  if (account.session.id.empty()) return;
  begin();
  account.isOpen = false;
  call("onClosed", [&](Transaction& tx) { backend_.onClosed(tx, account.session, reason); });
  ledger_.forget(account);
  account.toAck = 0;
  std::erase(toAck_, &account);  // it may not live until they are sent
}

// The gateway has told of all that this connection serves. It may have forgotten others while we were away; those
// that another connection serves stay.
void Worker::ready() {
  isReady_ = true;
  // What one session is sent may count on what another one was, or a room: the order in which it was made.
  for (const Unsent& unsent : ledger_.unsent())
    send(*unsent.account, unsent.frame->kind, unsent.n, unsent.frame->payload);
  size_t sessions = 0;
  for (const Account* account : ledger_.living()) {
    if (account->isOpen) {
      ++sessions;
      continue;
    }
    const std::string id = account->session.id;
    ask("session.get", json{{"session", id}}.dump(), [this, id](Transaction&, const SessionReport& report) {
      if (report.refusal && report.refusal->code == "NOT_FOUND") notFound_.push_back(id);
    });
  }
  call("onReady", [&](Transaction& tx) { backend_.onReady(tx, sessions); });
}

// Closing is a call of its own: behind the one in which the answer was told, and behind what came with that.
void Worker::closeNotFound() {
  for (const std::string& id : std::exchange(notFound_, {})) {
    Account* account = ledger_.find(id);
    if (account != nullptr && !account->isOpen) close(*account, "notFound");
  }
}

void Worker::open(Account& account, int64_t n) {
  ledger_.agree(account, n);
  if (account.isReset) begin();
  ledger_.acknowledge(account, n);  // that of an acknowledgement may have been lost with an older connection
  account.isOpen = true;
  account.wentBackTo = 0;
  sendFrom(account, n + 1);
}

void Worker::sendFrom(Account& account, int64_t n) {
  if (!isReady_) return;
  const int64_t first = account.firstN();
  for (int64_t at = std::max(n, first); at <= account.n; ++at) {
    const KeptFrame& frame = account.frames[static_cast<size_t>(at - first)];
    send(account, frame.kind, at, frame.payload);
  }
}

}  // namespace gw::backend
