// The contract world in C++: what README.md beside this file says, and nothing more.

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <gw/backend/database.hpp>
#include <gw/backend/link.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace {

using namespace gw::backend;
using namespace Poco::Data::Keywords;

constexpr const char* kHall = "hall";

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::optional<int64_t> numberIn(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

[[noreturn]] void killMyself() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

class ContractWorld final : public Backend {
 public:
  explicit ContractWorld(std::string file) : file_(std::move(file)) {}

  void onStart(Transaction& tx) override {
    database(tx) << "CREATE TABLE IF NOT EXISTS totals(character TEXT PRIMARY KEY, total INTEGER NOT NULL)", now;
    database(tx)
        << "CREATE TABLE IF NOT EXISTS characters(id TEXT PRIMARY KEY, user TEXT NOT NULL, name TEXT NOT NULL)",
        now;
  }

  void onReady(Transaction& tx, size_t sessions) override {
    std::printf("{\"event\":\"ready\",\"sessions\":%zu,\"reconnects\":%d}\n", sessions, ready_++);
    std::fflush(stdout);
    for (const auto& session : std::exchange(asking_, {})) askState(tx, session);
  }

  // --- Logging in

  void authenticate(Transaction&, const Credentials& given, const Answer<User>& answer) override {
    if (given.username == "slow") return;
    if (given.username == "locked") return answer.refuse(Refusal::locked());
    if (given.password == "wrong") return answer.refuse(Refusal::wrongPassword());
    answer(User{"u-" + lower(given.username), given.username});
  }
  void registerUser(Transaction& tx, const Credentials& given, const Answer<User>& answer) override {
    authenticate(tx, given, answer);
  }

  void characters(Transaction& tx, std::string_view user, const Answer<std::vector<Character>>& answer) override {
    answer(charactersOf(tx, user));
  }

  void createCharacter(Transaction& tx, const NewCharacter& wanted, const Answer<Character>& answer) override {
    if (wanted.name.empty()) return answer.refuse(Refusal::invalid("A name is needed."));
    if (wanted.name == "Taken") return answer.refuse(Refusal::nameTaken("This name is taken."));
    std::string id = "c-" + lower(wanted.name);
    std::string user = wanted.user;
    std::string name = wanted.name;
    database(tx) << "INSERT OR REPLACE INTO characters VALUES(?, ?, ?)", use(id), use(user), use(name), now;
    answer(Character{id, name, {}});
  }

  void selectCharacter(Transaction& tx, std::string_view user, std::string_view wanted,
                       const Answer<Character>& answer) override {
    const auto all = charactersOf(tx, user);
    for (const auto& one : all) {
      if (one.id == wanted) return answer(one);
    }
    for (const auto& one : all) {
      if (lower(one.name) == lower(std::string(wanted))) return answer(one);
    }
    answer.refuse(Refusal::notFound("There is no such character."));
  }

  // --- Playing

  void onEntered(Transaction& tx, const Session& session) override { tx.join(session.id, kHall); }

  void onPrivate(Transaction& tx, const Session& session, std::string_view text) override {
    tx.text(session.id, "hidden " + std::to_string(text.size()));
  }

  void onCommand(Transaction& tx, const Session& session, std::string_view text) override {
    const auto blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    const std::string_view rest = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    const bool isKnown = speak(tx, session, word, rest) || count(tx, session, word, rest) || show(tx, session, word);
    if (!isKnown) tx.text(session.id, "? " + std::string(text));
  }

 private:
  static std::vector<Character> charactersOf(Transaction& tx, std::string_view userId) {
    std::string user(userId);
    const std::string own = user.starts_with("u-") ? user.substr(2) : user;
    std::string title = own;
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
    std::vector<std::string> ids;
    std::vector<std::string> names;
    database(tx) << "SELECT id, name FROM characters WHERE user = ? ORDER BY id", use(user), into(ids), into(names),
        now;
    std::vector<Character> all{{"c-" + own, title, {}}};
    for (size_t i = 0; i < ids.size(); ++i) all.push_back({ids[i], names[i], {}});
    return all;
  }

  bool speak(Transaction& tx, const Session& session, std::string_view word, std::string_view rest) {
    if (word == "echo") {
      tx.text(session.id, rest);
    } else if (word == "all") {
      tx.roomOutput(kHall, Output::text(rest));
    } else if (word == "hidden") {
      tx.prompt(session.id, "Secret: ", false);
    } else if (word == "kick") {
      tx.disconnect(session.id, "kicked", "Goodbye.");
    } else if (word == "who") {
      askState(tx, session.id);
    } else {
      return false;
    }
    return true;
  }

  bool count(Transaction& tx, const Session& session, std::string_view word, std::string_view rest) {
    if (word == "add" && numberIn(rest)) {
      tx.text(session.id, "total " + std::to_string(add(tx, session, *numberIn(rest))));
    } else if (word == "burst" && numberIn(rest)) {
      for (int64_t i = 1; i <= *numberIn(rest); ++i) tx.text(session.id, std::to_string(i));
    } else if (word == "crash" && (rest == "before" || rest == "after")) {
      tx.text(session.id, std::string(rest) + " " + std::to_string(add(tx, session, 1)));
      crash(tx, std::string(rest));
    } else if (word == "stats") {
      tx.entityChanged(session.id, "stats", "{\"total\":" + std::to_string(add(tx, session, 0)) + "}");
    } else {
      return false;
    }
    return true;
  }

  static bool show(Transaction& tx, const Session& session, std::string_view word) {
    if (word == "room") {
      tx.output(session.id, Output::room({"Hall", "A bare hall.", {"north"}, {session.characterName}, {"lamp"}}));
    } else if (word == "fight") {
      tx.output(session.id, Output::combat({session.characterName, "rat", "hits", 3, false}));
    } else if (word == "data") {
      tx.output(session.id, Output::structured("World.Data", "{\"list\":[1,2,3]}", "data"));
    } else if (word == "color") {
      Span red{.start = 8, .len = 3, .fg = "1", .bg = {}};
      red.bold = true;
      tx.output(session.id, Output::formatted("Gr\u00fc\u00dfe red", {red}));
    } else if (word == "system") {
      tx.output(session.id, Output::system("system", "info"));
    } else {
      return false;
    }
    return true;
  }

  int64_t add(Transaction& tx, const Session& session, int64_t amount) {
    character_ = session.characterId;
    amount_ = amount;
    if (!add_) {
      add_.emplace(database(tx));
      *add_ << "INSERT INTO totals VALUES(?, ?) ON CONFLICT DO UPDATE SET total = total + excluded.total",
          use(character_), use(amount_);
      total_.emplace(database(tx));
      *total_ << "SELECT total FROM totals WHERE character = ?", use(character_), into(sum_);
    }
    try {
      add_->execute();
      total_->execute();
    } catch (...) {
      add_.reset();  // a statement that failed cannot run again
      throw;
    }
    return sum_;
  }

  void crash(Transaction& tx, const std::string& when) {
    const std::string marker = file_ + ".crashed-" + when;
    if (::access(marker.c_str(), F_OK) == 0) return;
    std::fclose(std::fopen(marker.c_str(), "w"));
    if (when == "before") killMyself();
    tx.afterCommit(killMyself);
  }

  // The link may end before the answer: then the next link is asked.
  void askState(Transaction& tx, const std::string& session) {
    tx.getSession(session, [this, session](Transaction& later, const SessionReport& report) {
      if (report.refusal && report.refusal->code == "UNAVAILABLE") {
        asking_.push_back(session);
      } else if (!report.refusal) {
        const auto answer = nlohmann::json::parse(report.json);
        later.text(session, "state " + answer.value(nlohmann::json::json_pointer("/session/state"), ""));
      }
    });
  }

  const std::string file_;
  int ready_ = 0;
  std::vector<std::string> asking_;
  std::string character_;
  Poco::Int64 amount_ = 0;
  Poco::Int64 sum_ = 0;
  std::optional<Poco::Data::Statement> add_;
  std::optional<Poco::Data::Statement> total_;
};

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  options.name = "world";
  options.capabilities.hasRegistration = true;
  options.capabilities.welcome = "The contract world.";
  options.clientId = "contract-world";
  CLI::App app{"The contract world"};
  app.add_option("--url", options.url)->required();
  app.add_option("--token-file", options.tokenFile)->required();
  app.add_option("--db", options.database)->required();
  app.add_option("--name", options.name);
  CLI11_PARSE(app, argc, argv);
  ContractWorld world(options.database);
  Link link(options, world);
  link.runUntilSignal();
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "error: %s\n", e.what());
  return 1;
}
