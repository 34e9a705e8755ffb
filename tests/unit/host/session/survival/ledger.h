#pragma once
// Ledger: what is known of every session whatever happens to the gateway: what each position showed, and
// what may have ended or shortened it. It outlives crashes, judges what clients meet, and tells the last
// steps when a promise is broken.

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "session/session.h"
#include "support/fake_clock.h"

namespace gw::test {

struct LedgerRules {
  bool isStrict = true;
  uint64_t resumeWindowMs = 0;
  uint64_t inMemoryMs = 0;  // without a connection; then it may be put away and misses what is said
  uint32_t logEvents = 0;
};

/// One session, from outside.
struct SessionFacts {
  std::string user;           // empty: no client has been told of it
  bool hasBegun = false;      // whose login made it knows so
  bool mayHaveEnded = false;  // someone said goodbye, and nobody has met it since
  unsigned lastGoodbye = 0;
  unsigned lastTheft = 0;         // the last one that revoked its tokens
  unsigned lastRevival = 0;       // the last time that it might have been gone, and someone came in all the same
  uint64_t loginsBefore = 0;      // of its user
  std::set<std::string> devices;  // that ever sent commands to it
  uint64_t firstLook = 0;         // that saw it
  uint64_t lastHeldNs = 0;        // when it last was seen with a connection
  uint64_t lastContactNs = 0;     // when a client last may have reached it
  bool isHere = true;             // in memory, at the last look
  bool wasPutAway = false;        // or nearly
  bool isLeaving = false;         // memory, at the last look: the store may have all of it already
  unsigned lastCrash = 0;         // the last crash that found it in memory
  unsigned lastLoss = 0;          // the last one that took something of it, in relaxed
  uint64_t lastCrashNs = 0;
  session::Position head;               // at the last look
  std::set<session::Position> putAway;  // its heads when it left memory: it was in no room until it came back
  std::map<session::Position, std::string> shown;
};

class Ledger {
 public:
  Ledger(const LedgerRules& rules, FakeClock& clock) : rules_(rules), clock_(clock) {}

  const LedgerRules& rules() const { return rules_; }
  uint64_t nowNs() const { return clock_.nowNs(); }

  void step(std::string what);
  /// Told only while GW_PROPERTY_TRACE is set, with every step.
  void detail(const std::string& what) const;
  /// A broken promise. The first one counts.
  void broken(const std::string& what);
  bool isBroken() const { return !broken_.empty(); }
  /// The broken promise and the steps before it.
  std::string story() const;

  /// Whether a client has been told of it.
  bool knows(const std::string& id) const {
    const auto known = sessions_.find(id);
    return known != sessions_.end() && !known->second.user.empty();
  }
  SessionFacts& session(const std::string& id) { return sessions_[id]; }
  /// Answers how many of this user came before.
  uint64_t loginTried(const std::string& user) { return loginsTried_[user]++; }
  /// A session began. Ids are never used again; older ones of this user must have had a reason to go.
  void began(const std::string& id, const std::string& user, uint64_t loginsBefore);
  /// A login was given one that began in an answer that got lost.
  void discovered(const std::string& id, const std::string& user);
  /// Each login opens a lineage; the oldest leaves when there are too many.
  bool mayBeEvicted(const SessionFacts& facts) const;
  void touched(const std::string& id) { sessions_[id].lastContactNs = nowNs(); }
  /// The same position always shows the same.
  void shows(const std::string& id, session::Position at, const std::string& text);
  /// Whether lines may have been said between the two that were not for it, and that no gap tells of.
  bool mayMissBetween(const std::string& id, session::Position before, session::Position after) const;
  /// Whether "it is not there" or "it has expired" may be said of a session that was promised to be kept.
  bool mayBeGone(const SessionFacts& facts) const;
  bool mustBeGone(const SessionFacts& facts) const;

  /// Somebody speaks by this name from now on.
  void speaks(const std::string& source) { speakers_[source] = crashes_; }
  /// Relaxed: what a speaker had said before a crash may be taken back, and then said once more.
  bool mayRepeatItself(const std::string& source) const {
    const auto speaker = speakers_.find(source);
    return !rules_.isStrict && speaker != speakers_.end() && speaker->second != crashes_;
  }

  void stolenFrom(const std::string& id) { sessions_[id].lastTheft = ++thefts_; }
  unsigned thefts() const { return thefts_; }
  unsigned revivals() const { return revivals_; }
  void saidGoodbyeTo(const std::string& id);
  unsigned goodbyes() const { return goodbyes_; }
  /// It answered somebody who had come after so many goodbyes.
  void lives(const std::string& id, unsigned goodbyesBefore);
  void crashed();
  unsigned crashes() const { return crashes_; }
  /// Bounds, contents and presence of what is in memory.
  void look(session::Session& session);
  void lookIsOver();

  uint64_t count(const std::string& what) { return ++counts_[what]; }
  const std::map<std::string, uint64_t>& counts() const { return counts_; }

 private:
  static constexpr size_t kShownKept = 400;
  static constexpr size_t kStepsTold = 60;

  const LedgerRules rules_;
  const bool isTraced_ = std::getenv("GW_PROPERTY_TRACE") != nullptr;
  FakeClock& clock_;
  std::map<std::string, SessionFacts> sessions_;
  std::map<std::string, uint64_t> loginsTried_, loginsBefore_;  // by user: in all, and when their latest began
  std::map<std::string, unsigned> speakers_;                    // and the crashes before
  std::set<std::string> seenNow_;
  uint64_t looks_ = 1;
  std::deque<std::string> steps_;
  uint64_t stepCount_ = 0;
  unsigned crashes_ = 0;
  unsigned thefts_ = 0;
  unsigned revivals_ = 0;
  unsigned goodbyes_ = 0;
  std::string broken_;
  std::map<std::string, uint64_t> counts_;
};

std::string toString(session::Position at);

}  // namespace gw::test
