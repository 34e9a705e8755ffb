#include "incoming.h"
#include "worker_call.h"

namespace gw::backend {
namespace {

using nlohmann::json;

// How long an older connection of ours may take to end.
constexpr std::chrono::seconds kReopenAfter{1};

}  // namespace

// What the error is about says whether the frame's number is taken. Where it would have gone: no; another connection,
// another session. What it says: yes, and the next one follows as if nothing had been; it stays in the outbox until the
// acknowledgement that covers it.
void Worker::linkError(const json& payload) {
  const json& error = objectOf(payload, "error");
  const std::string code = textOf(error, "code");
  const std::string session = textOf(payload, "session");
  Account* account = ledger_.find(session);
  if (account == nullptr) return;
  const json& details = objectOf(error, "details");
  if (code == "CONFLICT" && details.contains("expected")) {
    goBack(*account, numberOf(details, "expected"));
  } else if (code == "NOT_FOUND" && !session.empty()) {
    close(*account, "notFound");
  } else if (code == "FORBIDDEN" && textOf(details, "reason") == "otherConnection") {
    elsewhere(*account);
  } else {
    log_.warning("the gateway refused " + textOf(payload, "event") + ": " + code + " " + textOf(error, "message"));
  }
}

// Each frame that was under way behind a missing one is refused with the same number: go back once.
void Worker::goBack(Account& account, int64_t expected) {
  if (!account.isOpen || expected < 1 || expected == account.wentBackTo) return;
  ledger_.agree(account, expected - 1);
  if (account.isReset) begin();
  account.wentBackTo = expected;
  sendFrom(account, expected);
}

// A session: session.reconnected says when we serve it. Frames without one go on the oldest connection alone, and the
// gateway may not have noticed yet that the one before ours is dead.
void Worker::elsewhere(Account& account) {
  account.isOpen = false;
  if (account.session.id.empty()) reopenAt_ = std::chrono::steady_clock::now() + kReopenAfter;
}

void Worker::reopen() {
  reopenAt_.reset();
  Account& rest = ledger_.withoutSession();
  rest.isOpen = true;
  rest.wentBackTo = 0;
  sendFrom(rest, rest.firstN());
}

}  // namespace gw::backend
