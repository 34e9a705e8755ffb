#include "unit/host/session/survival/ledger.h"

#include <iostream>

namespace gw::test {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kSlackMs = 5'000;  // housekeeping is done each second

}  // namespace

std::string toString(session::Position at) { return std::to_string(at.epoch) + "." + std::to_string(at.seq); }

void Ledger::detail(const std::string& what) const {
  if (isTraced_) std::cerr << what << std::endl;
}

void Ledger::step(std::string what) {
  steps_.push_back(std::to_string(++stepCount_) + "  " + std::move(what));
  detail(steps_.back());
  if (steps_.size() > kStepsTold) steps_.pop_front();
}

void Ledger::broken(const std::string& what) {
  if (broken_.empty()) broken_ = what;
}

std::string Ledger::story() const {
  std::string out = broken_ + "\nthe last steps:\n";
  for (const std::string& step : steps_) out += "  " + step + "\n";
  return out;
}

void Ledger::began(const std::string& id, const std::string& user, uint64_t loginsBefore) {
  SessionFacts& mine = sessions_[id];
  if (std::exchange(mine.hasBegun, true)) broken("session id " + id + " is used again");
  if (knows(id)) return;  // another login was told of it first
  // An answer may be read late: only what was there before it is judged.
  const auto isOlder = [&](const SessionFacts& facts) {
    return facts.user == user && facts.firstLook < mine.firstLook;
  };
  for (const auto& [other, facts] : sessions_)
    if (isOlder(facts) && !mayBeGone(facts))
      broken("a login of " + user + " made session " + id + " though " + other + " should live");
  // Of those that have gone only the id is still of interest.
  for (auto& [other, facts] : sessions_)
    if (isOlder(facts)) saidGoodbyeTo(other), facts.shown.clear();
  loginsBefore_[user] = loginsBefore;
  discovered(id, user);
}

void Ledger::discovered(const std::string& id, const std::string& user) {
  SessionFacts& facts = sessions_[id];
  facts.user = user;
  facts.lastContactNs = nowNs();
  facts.loginsBefore = loginsBefore_[user];
}

void Ledger::saidGoodbyeTo(const std::string& id) {
  sessions_[id].mayHaveEnded = true;
  sessions_[id].lastGoodbye = ++goodbyes_;
}

void Ledger::lives(const std::string& id, unsigned goodbyesBefore) {
  if (sessions_[id].lastGoodbye <= goodbyesBefore) sessions_[id].mayHaveEnded = false;
}

bool Ledger::mayBeEvicted(const SessionFacts& facts) const {
  return loginsTried_.at(facts.user) - facts.loginsBefore > session::Session::kMaxLineages;
}

void Ledger::shows(const std::string& id, session::Position at, const std::string& text) {
  auto& shown = sessions_[id].shown;
  const auto [known, isNew] = shown.emplace(at, text);
  if (!isNew && known->second != text)
    broken("session " + id + " at " + toString(at) + " shows \"" + text + "\", was \"" + known->second + "\"");
  if (shown.size() > kShownKept) shown.erase(shown.begin());
}

bool Ledger::mayMissBetween(const std::string& id, session::Position before, session::Position after) const {
  // Relaxed: what a crash took is told to whoever saw that epoch; a login that is new to it sees only what is left.
  if (!rules_.isStrict && before.epoch != after.epoch) return true;
  const auto left = sessions_.at(id).putAway.lower_bound(before);
  return left != sessions_.at(id).putAway.end() && *left < after;
}

bool Ledger::mayBeGone(const SessionFacts& facts) const {
  const uint64_t awayMs = (nowNs() - facts.lastHeldNs) / kMs;
  // Rows are refreshed each quarter of the window, so after a crash that much of it may be missing.
  const bool hasCrashed = facts.lastCrashNs >= facts.lastHeldNs;
  const uint64_t promisedMs = hasCrashed ? rules_.resumeWindowMs / 4 * 3 : rules_.resumeWindowMs;
  return facts.mayHaveEnded || awayMs + kSlackMs >= promisedMs || (!rules_.isStrict && facts.lastCrash > 0);
}

bool Ledger::mustBeGone(const SessionFacts& facts) const {
  const uint64_t awayMs = (nowNs() - facts.lastContactNs) / kMs;
  return awayMs >= rules_.resumeWindowMs + kSlackMs;
}

void Ledger::crashed() {
  ++crashes_;
  for (auto& [id, facts] : sessions_)
    if (facts.isHere) {
      facts.lastCrash = crashes_;
      facts.lastCrashNs = nowNs();
      if (!facts.isLeaving) facts.lastLoss = crashes_;
    }
}

void Ledger::look(session::Session& session) {
  const std::string id = session.id().toString();
  seenNow_.insert(id);
  SessionFacts& facts = sessions_[id];
  if (facts.firstLook == 0) facts.firstLook = looks_;
  // In relaxed nobody is given it yet, and a crash brings back what was put away.
  const bool isComingBack = !rules_.isStrict && session.returning > 0;
  if (!isComingBack) facts.head = session.head();
  facts.isLeaving = session.unloading || isComingBack;
  if (facts.lastHeldNs == 0) facts.lastHeldNs = nowNs();
  if (session.unloading || nowNs() - facts.lastHeldNs >= rules_.inMemoryMs * kMs) facts.wasPutAway = true;
  if (!session.attachments().empty()) {
    if (mayBeGone(facts)) facts.lastRevival = ++revivals_;
    facts.lastHeldNs = facts.lastContactNs = nowNs();
  }
  using session::Session;
  const auto atMost = [&](size_t count, size_t most, const char* what) {
    if (count > most) broken("session " + id + " has " + std::to_string(count) + " " + what);
  };
  atMost(session.lineages().size(), Session::kMaxLineages, "lineages");
  atMost(session.devices.size(), Session::kMaxDevices, "devices");
  atMost(session.commands().size(), Session::kMaxQueuedCommands, "queued commands");
  atMost(session.log.size(), rules_.logEvents, "events in its log");
  session::Position before;
  for (size_t i = 0; i < session.log.size(); ++i) {
    const auto& entry = session.log.at(i);
    if (entry.at <= before) broken("session " + id + ": the log does not rise at " + toString(entry.at));
    before = entry.at;
    if (!isComingBack && entry.at <= session.shownHead()) shows(id, entry.at, entry.event->event().text);
  }
}

void Ledger::lookIsOver() {
  for (auto& [id, facts] : sessions_) {
    const bool isHere = seenNow_.contains(id);
    if (facts.isHere && !isHere) {
      facts.wasPutAway = true;
      facts.putAway.insert(facts.head);
    }
    facts.isHere = isHere;
  }
  seenNow_.clear();
  ++looks_;
}

}  // namespace gw::test
