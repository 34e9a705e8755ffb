#pragma once
// Player: a client of gateway.v1 that keeps the rules of docs/protocol/gateway-v1.md, with a network that
// may end at any byte; it checks every promise that a client can check and tells the Ledger.

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "session/event_log.h"
#include "unit/host/session/survival/ledger.h"
#include "unit/host/session/survival/wire_client.h"

namespace gw::test {

class Player {
 public:
  using Json = nlohmann::json;
  /// Opens a connection; answers the client's end.
  using Dial = std::function<int()>;

  Player(std::string user, std::string name, Ledger& ledger, Dial dial)
      : user_(std::move(user)), name_(std::move(name)), ledger_(ledger), dial_(std::move(dial)) {}

  const std::string& name() const { return name_; }
  bool isAway() const { return !wire_; }
  bool isIn() const { return wire_ && isIn_; }
  bool mayResume() const { return !token_.empty(); }
  const std::string& session() const { return session_; }
  const std::string& token() const { return token_; }
  const std::string& spentToken() const { return spentToken_; }
  bool hasAttemptUnderWay() const { return !attempt_.empty(); }

  /// Resumes if it can, else logs in. readable: bytes after which the network dies.
  void connect(size_t readable = SIZE_MAX);
  /// Its network does not die after so many bytes any more.
  void heal() { readable_ = SIZE_MAX; }
  /// Takes what has come.
  void pump();
  /// The network dies: nobody says goodbye.
  void drop();
  void quit();
  /// The program is installed anew: it remembers nothing.
  void forget();

  void say();
  void repeatAnswered();
  void skipAhead();
  void acknowledge();

  /// What this device has had accepted, and who says so in rooms.
  const std::string& source() const { return source_; }
  uint64_t accepted() const { return answered_; }
  bool hasUnanswered() const { return !unanswered_.empty(); }
  /// 0: nothing yet.
  uint64_t heardOf(const std::string& source) const;

 private:
  struct Asked {
    enum class Kind { kLogin, kResume, kCommand, kRepeated, kAhead, kOther } kind;
    uint64_t clientSeq = 0;
  };
  struct Heard {
    uint64_t last = 0;
    session::Position at;
  };

  void request(const char* method, Json params, Asked asked);
  void take(const Json& frame);
  void takeAnswer(const Asked& asked, const Json& frame);
  void takeEvent(const Json& frame);
  void takeGap(const Json& payload);
  void hear(session::Position at, const std::string& text);
  void entered(const Json& hello, bool isLogin);
  void resumed(const Json& block);
  void begin(const Json& block);
  void startOver(uint64_t accepted);
  void sendAgain(uint64_t accepted);
  void confirm(const Json& hello);
  void refused(const Json& error);
  void answeredCommand(const Asked& asked, const Json& frame);
  void sendCommand(uint64_t clientSeq);
  void broken(const std::string& what) { ledger_.broken(name_ + ": " + what); }
  SessionFacts& facts() { return ledger_.session(session_); }

  const std::string user_;
  const std::string name_;
  Ledger& ledger_;
  const Dial dial_;

  // What it keeps, as on a disk
  std::string session_, token_, spentToken_, attempt_, device_;
  unsigned attempts_ = 0, devices_ = 0, hellos_ = 0;
  session::Position position_;
  std::string source_;
  unsigned sources_ = 0;
  uint64_t said_ = 0;                        // the highest clientSeq
  uint64_t answered_ = 0;                    // accepted, as far as it knows
  std::map<uint64_t, unsigned> unanswered_;  // by clientSeq: how often it was sent
  std::map<std::string, Heard> heard_;
  session::Position lostTo_;  // it was told of a gap up to here
  /// What had happened when it began the connection that brought what it has.
  struct Known {
    unsigned crashes = 0, thefts = 0, goodbyes = 0, revivals = 0;
  } known_;

  // Of the connection
  std::unique_ptr<WireClient> wire_;
  size_t readable_ = 0;
  Known atConnect_;
  uint64_t loginsBefore_ = 0;
  bool isIn_ = false;
  uint64_t epoch_ = 0;
  bool owesGap_ = false;   // relaxed: told before anything else, after a crash
  bool isBehind_ = false;  // something was refused: what follows it is, too
  uint64_t nextId_ = 1;
  std::map<std::string, Asked> asked_;
};

}  // namespace gw::test
