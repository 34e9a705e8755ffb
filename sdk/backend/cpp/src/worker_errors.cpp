#include "incoming.h"
#include "worker_call.h"

namespace gw::backend {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kRetryAfter{1000};

}  // namespace

void Worker::linkError(const json& payload) {
  const json& error = objectOf(payload, "error");
  const std::string code = textOf(error, "code");
  const std::string session = textOf(payload, "session");
  const int64_t n = numberOf(payload, "n");
  Account* account = ledger_.find(session);
  if (account == nullptr) return;
  const json& details = objectOf(error, "details");
  if (code == "CONFLICT" && details.contains("expected")) {
    goBack(*account, numberOf(details, "expected"));
  } else if (code == "NOT_FOUND" && !session.empty()) {
    close(*account, "notFound");
  } else if (code == "FORBIDDEN" && !session.empty()) {
    account->isOpen = false;  // another connection serves it, until session.reconnected says that we do
  } else {
    log_.warning("the gateway refused " + textOf(payload, "event") + ": " + code + " " + textOf(error, "message"));
    if (n > 0) refused(*account, n, error);
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

// Frame n itself is not wanted. Whether its number is taken the gateway alone knows: sent again, the frame would be
// dropped or refused for ever, and all later ones with it. So an empty one takes its place.
void Worker::refused(Account& account, int64_t n, const json& error) {
  if (n < account.firstN() || n > account.n || !account.isOpen) return;
  if (truthOf(error, "retryable", error.contains("retryAfterMs"))) {
    const std::chrono::milliseconds wait(numberOf(error, "retryAfterMs", kRetryAfter.count()));
    retries_.push_back({std::chrono::steady_clock::now() + wait, generation_, account.session.id, n});
    return;
  }
  KeptFrame& frame = account.frames[static_cast<size_t>(n - account.firstN())];
  const std::string payload = account.session.id.empty()
                                  ? R"({"room":"-","output":{"type":"text","text":""}})"
                                  : "{\"session\":" + json(account.session.id).dump() +
                                        R"(,"output":{"type":"text","text":""},"delivery":"latest:gw.refused"})";
  if (frame.payload == payload) return;
  frame.kind = account.session.id.empty() ? FrameKind::kRoomOutput : FrameKind::kOutput;
  frame.payload = payload;
  account.wentBackTo = 0;
  sendFrom(account, n);
}

}  // namespace gw::backend
