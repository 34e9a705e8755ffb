#include "unit/host/session/survival/player.h"

namespace gw::test {
namespace {

uint64_t number(const nlohmann::json& object, const char* name) { return object.value(name, uint64_t{0}); }

session::Position positionOf(const nlohmann::json& object) { return {number(object, "epoch"), number(object, "seq")}; }

}  // namespace

// --- the connection ---------------------------------------------------------------------------------

void Player::connect(size_t readable) {
  wire_ = std::make_unique<WireClient>(dial_());
  readable_ = readable;
  isIn_ = owesGap_ = isBehind_ = false;
  epoch_ = 0;
  asked_.clear();
  atConnect_ = {ledger_.crashes(), ledger_.thefts(), ledger_.goodbyes(), ledger_.revivals()};
  if (!token_.empty()) {
    if (attempt_.empty()) attempt_ = name_ + std::to_string(++attempts_);
    ledger_.touched(session_);
    return request(
        "connect",
        {{"resume",
          {{"token", token_}, {"attempt", attempt_}, {"epoch", position_.epoch}, {"lastSeq", position_.seq}}}},
        {Asked::Kind::kResume});
  }
  device_ = name_ + "-" + std::to_string(++devices_);
  loginsBefore_ = ledger_.loginTried(user_);
  request("connect",
          {{"auth", {{"username", user_}, {"password", "x"}}}, {"character", user_}, {"device", {{"id", device_}}}},
          {Asked::Kind::kLogin});
}

void Player::pump() {
  while (wire_ && !ledger_.isBroken()) {
    const size_t got = wire_->read(readable_);
    readable_ -= got;
    while (wire_) {
      const auto message = wire_->next();
      if (!message) break;
      Json parsed = Json::parse(*message, nullptr, false);
      if (parsed.is_discarded()) return broken("no JSON: " + *message);
      if (!parsed.is_array()) parsed = Json::array({parsed});
      for (const Json& frame : parsed) take(frame);
    }
    if (!wire_) return;
    if (readable_ == 0 || (got == 0 && wire_->hasEnded())) return drop();
    if (got == 0) return;
  }
}

void Player::drop() {
  if (isIn_) ledger_.touched(session_);
  wire_.reset();
  isIn_ = false;
}

void Player::quit() {
  ledger_.saidGoodbyeTo(session_);
  wire_->sendClose(1000);
}

void Player::forget() {
  drop();
  token_.clear();
  attempt_.clear();
  spentToken_.clear();
}

void Player::request(const char* method, Json params, Asked asked) {
  const std::string id = std::to_string(nextId_++);
  asked_[id] = asked;
  ledger_.detail("    " + name_ + " asks " + id + ": " + method + " " + params.dump());
  wire_->sendText(Json{{"type", "req"}, {"id", id}, {"method", method}, {"params", std::move(params)}}.dump());
}

void Player::take(const Json& frame) {
  ledger_.detail("    " + name_ + " takes " + frame.dump());
  if (frame.value("type", "") == "event") return takeEvent(frame);
  const auto asked = asked_.find(frame.value("id", ""));
  if (asked == asked_.end()) return broken("an answer to nothing: " + frame.dump());
  const Asked what = asked->second;
  asked_.erase(asked);
  takeAnswer(what, frame);
}

void Player::takeAnswer(const Asked& asked, const Json& frame) {
  const bool isOk = frame.value("ok", false);
  const Json payload = frame.value("payload", Json::object());
  switch (asked.kind) {
    case Asked::Kind::kLogin:
      if (isOk) return entered(payload, true);
      // Its session has just ended, or was ended by another login at once: said in a sentence, with a retry.
      if (frame["error"].value("code", "") != "UNAVAILABLE") broken("login refused: " + frame.dump());
      ledger_.count("logins refused");
      return drop();
    case Asked::Kind::kResume:
      return isOk ? entered(payload, false) : refused(frame["error"]);
    case Asked::Kind::kCommand:
    case Asked::Kind::kRepeated:
    case Asked::Kind::kAhead:
      return answeredCommand(asked, frame);
    case Asked::Kind::kOther:
      return;
  }
}

// --- coming in --------------------------------------------------------------------------------------

void Player::entered(const Json& hello, bool isLogin) {
  const Json& block = hello.at("session");
  if (block.value("state", "") != "playing") return broken("not playing: " + block.dump());
  isIn_ = true;
  epoch_ = number(block, "epoch");
  isLogin ? begin(block) : resumed(block);
  attempt_.clear();
  spentToken_ = isLogin ? std::string() : token_;
  token_ = block.value("reconnectToken", "");
  ledger_.touched(session_);
  ledger_.lives(session_, atConnect_.goodbyes);
  known_ = atConnect_;
  confirm(hello);
  ledger_.count(isLogin ? "logins" : "resumes");
}

void Player::begin(const Json& block) {
  const std::string id = block.value("id", "");
  ledger_.step(name_ + " is in " + id + (block.value("resumed", false) ? ", which it takes over" : ", a new one"));
  if (!block.value("resumed", false)) ledger_.began(id, user_, loginsBefore_);
  session_ = id;
  if (!ledger_.knows(id)) ledger_.discovered(id, user_);
  if (facts().user != user_) broken("was given session " + id + " of " + facts().user);
  position_ = lostTo_ = {};
  heard_.clear();
  if (number(block, "lastClientSeq") != 0) broken("a new device has said something: " + block.dump());
  startOver(0);
}

void Player::resumed(const Json& block) {
  if (block.value("id", "") != session_) return broken("came back to another session: " + block.dump());
  if (ledger_.mustBeGone(facts())) broken("came back after the window: " + block.dump());
  const bool crashedRelaxed = !ledger_.rules().isStrict && known_.crashes != atConnect_.crashes;
  const uint64_t accepted = number(block, "lastClientSeq");
  if (crashedRelaxed) {
    owesGap_ = facts().lastLoss > known_.crashes && facts().lastLoss <= atConnect_.crashes && position_.epoch > 0;
    heard_.clear();
    return startOver(accepted);
  }
  const bool isEvicted = accepted == 0 && facts().devices.size() > session::Session::kMaxDevices;
  if (isEvicted) return startOver(0);
  if (accepted < answered_)
    return broken("accepted up to " + std::to_string(answered_) + ", says " + std::to_string(accepted));
  if (accepted > said_) return broken("accepted " + std::to_string(accepted) + ", which nobody said");
  sendAgain(accepted);
}

// From here on it speaks as somebody new: nobody can tell what became of what was not answered.
void Player::startOver(uint64_t accepted) {
  source_ = device_ + "." + std::to_string(++sources_);
  ledger_.speaks(source_);
  said_ = answered_ = accepted;
  unanswered_.clear();
}

void Player::sendAgain(uint64_t accepted) {
  answered_ = std::max(answered_, accepted);
  unanswered_.erase(unanswered_.begin(), unanswered_.upper_bound(accepted));
  for (const auto& [clientSeq, times] : unanswered_) sendCommand(clientSeq);
}

void Player::confirm(const Json& hello) {
  // Who waits with it must come in again all the same.
  if (++hellos_ % 3 == 0) return;
  request("ack", {{"connId", hello.at("server").at("connId")}, {"epoch", 0}, {"seq", 0}}, {Asked::Kind::kOther});
}

void Player::refused(const Json& error) {
  const std::string code = error.value("code", "");
  const std::string message = error.value("message", "");
  if (message.empty()) broken("refused without a sentence: " + error.dump());
  // Its later try got in first; the same attempt goes on.
  if (code == "CONFLICT") return ledger_.count("later tries"), drop();
  if (code != "UNAUTHORIZED") return broken("resume refused: " + error.dump());
  const SessionFacts& mine = facts();
  const bool isRevoked = mine.lastTheft > known_.thefts;
  // Its token had expired since it was last in, and then somebody else's login took the session over.
  const bool wasLate = mine.lastRevival > known_.revivals;
  if (!ledger_.mayBeGone(mine) && !wasLate && !isRevoked && !ledger_.mayBeEvicted(mine))
    broken("locked out: " + error.dump());
  ledger_.count("resumes refused");
  forget();
}

// --- commands ---------------------------------------------------------------------------------------

void Player::say() {
  if (isBehind_) {
    // As a client does that was told to wait: all of it again, in order.
    isBehind_ = false;
    return sendAgain(answered_);
  }
  unanswered_[++said_] = 0;
  sendCommand(said_);
}

void Player::sendCommand(uint64_t clientSeq) {
  ++unanswered_[clientSeq];
  facts().devices.insert(device_);
  request("command", {{"text", source_ + " " + std::to_string(clientSeq)}, {"clientSeq", clientSeq}},
          {Asked::Kind::kCommand, clientSeq});
}

void Player::repeatAnswered() {
  if (answered_ == 0) return;
  request("command", {{"text", "never heard"}, {"clientSeq", answered_}}, {Asked::Kind::kRepeated, answered_});
}

void Player::skipAhead() {
  request("command", {{"text", "never heard"}, {"clientSeq", said_ + 3}}, {Asked::Kind::kAhead, said_ + 3});
}

void Player::acknowledge() {
  request("ack", {{"epoch", position_.epoch}, {"seq", position_.seq}}, {Asked::Kind::kOther});
}

void Player::answeredCommand(const Asked& asked, const Json& frame) {
  const std::string code = frame.contains("error") ? frame["error"].value("code", "") : "";
  // On a connection that another one has taken the place of: it is being closed.
  if (code == "NOT_CONNECTED") return;
  if (asked.kind == Asked::Kind::kAhead) {
    if (code != "CONFLICT") broken("clientSeq ahead of its turn: " + frame.dump());
    return;
  }
  const bool isDuplicate = frame.value("payload", Json::object()).value("duplicate", false);
  if (asked.kind == Asked::Kind::kRepeated) {
    if (!isDuplicate) broken("said twice: " + frame.dump());
    return;
  }
  if (code.empty()) {
    const auto sent = unanswered_.find(asked.clientSeq);
    if (isDuplicate && sent != unanswered_.end() && sent->second == 1)
      broken("said once and called a duplicate: " + frame.dump());
    answered_ = std::max(answered_, asked.clientSeq);
    unanswered_.erase(unanswered_.begin(), unanswered_.upper_bound(asked.clientSeq));
    return;
  }
  const bool isQueueFull = code == "UNAVAILABLE";
  if (!isQueueFull && !(code == "CONFLICT" && isBehind_)) broken("command refused: " + frame.dump());
  ledger_.count("commands refused");
  isBehind_ = true;
}

// --- events -----------------------------------------------------------------------------------------

void Player::takeEvent(const Json& frame) {
  const std::string name = frame.value("event", "");
  const Json payload = frame.value("payload", Json::object());
  if (name == "gap") return takeGap(payload);
  if (frame.contains("epoch")) epoch_ = number(frame, "epoch");
  if (!frame.contains("seq")) return;
  const session::Position at{epoch_, number(frame, "seq")};
  const std::string text = payload.value("text", "");
  if (at <= position_) return broken("\"" + text + "\" at " + toString(at) + " after " + toString(position_));
  if (owesGap_) return broken("no gap after a crash, but " + toString(at));
  position_ = at;
  ledger_.shows(session_, at, text);
  hear(at, text);
}

void Player::takeGap(const Json& payload) {
  const std::string reason = payload.value("reason", "");
  const session::Position from = positionOf(payload.value("from", Json::object()));
  const session::Position to = positionOf(payload.value("to", Json::object()));
  ledger_.count("gaps " + reason);
  owesGap_ = false;
  lostTo_ = std::max(lostTo_, to);
  if (reason == "hostCrash" && ledger_.rules().isStrict) broken("something was lost in a crash: " + payload.dump());
  // Bounds lose what lies far behind the head; what came while it was put away is lost, too.
  const session::Position head = facts().head;
  const bool isFar =
      from.epoch != to.epoch || head.epoch != from.epoch || head.seq >= from.seq + ledger_.rules().logEvents;
  if (reason == "trimmed" && !isFar && from != session::Position{} && !facts().wasPutAway)
    broken("nothing had to be lost: " + payload.dump());
  if (reason != "trimmed" && reason != "hostCrash") broken("an unknown gap: " + payload.dump());
}

// "<source> <n>": everybody hears what a source has said in order, and each line once.
void Player::hear(session::Position at, const std::string& text) {
  const size_t space = text.rfind(' ');
  if (space == std::string::npos || text == "never heard") return broken("heard \"" + text + "\"");
  const uint64_t n = std::stoull(text.substr(space + 1));
  const std::string source = text.substr(0, space);
  if (ledger_.mayRepeatItself(source)) return;
  Heard& heard = heard_[source];
  const bool mayMiss = heard.last == 0 || heard.at < lostTo_ || ledger_.mayMissBetween(session_, heard.at, at);
  if (n <= heard.last) broken("heard \"" + text + "\" again, after " + std::to_string(heard.last));
  if (n > heard.last + 1 && !mayMiss) broken("heard \"" + text + "\" after " + std::to_string(heard.last));
  heard = {n, at};
  ledger_.count("lines heard");
}

uint64_t Player::heardOf(const std::string& source) const {
  const auto heard = heard_.find(source);
  return heard == heard_.end() ? 0 : heard->second.last;
}

}  // namespace gw::test
