// Strict durability: the real process is killed at random moments under load, and its clients compare
// what they were told with a simple model. By (device, clientSeq): what was answered is never lost, and
// takes effect once. By (epoch, seq): what was seen never comes twice, nor in another order.
//
// GW_CRASH_ROUNDS: how many times it is killed (docs/operators/store.md has the long form);
// GW_CRASH_SEED: the seed of an earlier run.

#include <signal.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "integration/gateway_fixture.h"
#include "support/postgres_server.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

unsigned numberFrom(const char* variable, unsigned usual) {
  const char* set = std::getenv(variable);
  return set ? static_cast<unsigned>(std::strtoul(set, nullptr, 10)) : usual;
}

void expectSame(const std::vector<std::string>& heard, const std::vector<std::string>& said, const std::string& what) {
  const auto [at, wanted] = std::mismatch(heard.begin(), heard.end(), said.begin(), said.end());
  if (at == heard.end() && wanted == said.end()) return;
  ADD_FAILURE() << what << ": line " << wanted - said.begin() << " of " << said.size() << " is \""
                << (wanted == said.end() ? "(none)" : *wanted) << "\", heard \"" << (at == heard.end() ? "(none)" : *at)
                << "\" of " << heard.size();
}

/// A player who never gives up: resumes after each crash and sends again what was not answered.
class Player {
 public:
  explicit Player(std::string name) : name_(std::move(name)) {}

  void enter(uint16_t port) {
    client_ = std::make_unique<V1Client>(port);
    client_->enterAsNew(name_, "sesame-open-7", {{"device", {{"id", "device-" + name_}}}});
    token_ = client_->reconnectToken();
    client_->expect("You are in lobby.");
    position_ = client_->position();
  }

  /// Throws if the connection ends first; then the same attempt goes on with the next process.
  void resume(uint16_t port) {
    client_ = std::make_unique<V1Client>(port);
    under_.clear();  // what was asked of the last process has no answer, and its ids are used again
    if (attempt_.empty()) attempt_ = name_ + std::to_string(++attempts_);
    const Json hello = client_->resume(token_, attempt_, position_);
    attempt_.clear();
    token_ = client_->reconnectToken();
    // The new token is in hand: the old one may go.
    client_->send("ack", {{"connId", hello.at("server").at("connId")}, {"epoch", 0}, {"seq", 0}});
    const auto accepted = hello.at("session").at("lastClientSeq").get<uint64_t>();
    EXPECT_GE(accepted, answered_) << name_ << ": a command that was answered is lost";
    for (auto& [seq, text] : commands_)
      if (seq > accepted) sendCommand(seq, text);
  }

  void say(const std::string& text) {
    const uint64_t seq = commands_.size() + 1;
    commands_[seq] = text;
    sendCommand(seq, text);
  }

  /// Takes what has come. False: the connection has ended.
  bool poll() {
    bool isOpen = false;
    try {
      isOpen = client_->poll();
    } catch (const std::exception&) {
      isOpen = false;  // reset in the middle of a frame
    }
    for (const auto& [id, seq] : under_) {
      if (const auto answer = client_->takeAnswer(id)) {
        EXPECT_TRUE(answer->value("ok", false)) << name_ << ": " << answer->dump();
        answered_ = std::max(answered_, seq);
      }
    }
    for (Json& event : std::exchange(client_->events(), {})) note(event);
    position_ = std::max(position_, client_->position());
    EXPECT_EQ(client_->duplicates(), 0u) << name_;
    return isOpen;
  }
  void acknowledge() { client_->send("ack", {{"epoch", position_.epoch}, {"seq", position_.seq}}); }

  const std::string& name() const { return name_; }
  /// Lines heard, by who said them, in the order in which they came.
  const std::map<std::string, std::vector<std::string>>& heard() const { return heard_; }
  std::vector<std::string> said() const {
    std::vector<std::string> all;
    for (const auto& [seq, text] : commands_) all.push_back(text);
    return all;
  }
  uint64_t answered() const { return answered_; }

 private:
  void sendCommand(uint64_t seq, const std::string& text) {
    const std::string id = client_->send("command", {{"text", "say " + text}, {"clientSeq", seq}});
    under_.emplace_back(id, seq);
    if (under_.size() > 1000) under_.erase(under_.begin(), under_.begin() + 500);
  }

  void note(const Json& event) {
    EXPECT_NE(event.value("event", ""), "gap") << name_ << ": " << event.dump();
    const std::string text = event.value("payload", Json::object()).value("text", "");
    for (const std::string verb : {"You say: ", " says: "}) {
      const size_t at = text.find(verb);
      if (at == std::string::npos) continue;
      heard_[at == 0 ? name_ : text.substr(0, at)].push_back(text.substr(at + verb.size()));
    }
  }

  const std::string name_;
  std::unique_ptr<V1Client> client_;
  std::string token_;
  std::string attempt_;
  int attempts_ = 0;
  Position position_;
  std::map<uint64_t, std::string> commands_;             // by clientSeq
  std::vector<std::pair<std::string, uint64_t>> under_;  // ids of requests, and their clientSeq
  uint64_t answered_ = 0;
  std::map<std::string, std::vector<std::string>> heard_;
};

class Crash : public GatewayTest {
 protected:
  static Json strict() { return {{"store", {{"durability", "strict"}}}}; }

  void killAtRandomMoments(unsigned rounds) {
    const unsigned seed = numberFrom("GW_CRASH_SEED", std::random_device()());
    std::cerr << "GW_CRASH_SEED=" << seed << " GW_CRASH_ROUNDS=" << rounds << std::endl;
    std::mt19937 random(seed);
    for (const char* name : {"Anna", "Bert", "Cleo", "Dora"}) {
      players_.emplace_back(name);
      players_.back().enter(gateway().httpPort());
    }
    for (unsigned round = 0; round < rounds && !HasFailure(); ++round) {
      std::thread killer([this, ms = random() % 150] {
        std::this_thread::sleep_for(Ms(ms));  // the moment is what is random
        gateway().kill();
      });
      playUntilCut(round);
      killer.join();
      gateway().start();
      for (Player& player : players_) isConnected_[player.name()] = false;
    }
    finish();
  }

 private:
  void playUntilCut(unsigned round) {
    const uint16_t port = gateway().httpPort();
    for (Player& player : players_) {
      try {
        if (round > 0) player.resume(port);
        isConnected_[player.name()] = true;
      } catch (const std::exception&) {
        // killed while it came back
      }
    }
    while (true) {
      bool isAnyOpen = false;
      for (Player& player : players_) {
        bool& isConnected = isConnected_[player.name()];
        if (!isConnected) continue;
        isConnected = player.poll();
        isAnyOpen |= isConnected;
        try {
          if (isConnected) player.say(player.name() + " " + std::to_string(++lines_));
          if (isConnected && lines_ % 7 == 0) player.acknowledge();
        } catch (const std::exception&) {
          // The connection has gone; what came before is still read.
        }
      }
      if (!isAnyOpen) return;
      std::this_thread::sleep_for(Ms(1));  // a pace, not a condition
    }
  }

  // In peace: everything that was ever said is heard by everybody, once and in order.
  void finish() {
    for (Player& player : players_) player.resume(gateway().httpPort());
    for (Player& speaker : players_) {
      speaker.say("the end");
      waitUntil("everybody has heard " + speaker.name() + " to the end", [&] {
        for (Player& player : players_) player.poll();
        return std::all_of(players_.begin(), players_.end(), [&](const Player& player) {
          const auto heard = player.heard().find(speaker.name());
          return heard != player.heard().end() && heard->second.back() == "the end";
        });
      });
    }
    size_t lines = 0;
    for (const Player& speaker : players_) {
      lines += speaker.said().size();
      for (const Player& player : players_)
        expectSame(player.heard().at(speaker.name()), speaker.said(), player.name() + " hears " + speaker.name());
    }
    std::cerr << lines << " lines were said and heard by " << players_.size() << " players" << std::endl;
  }

  std::deque<Player> players_;
  std::map<std::string, bool> isConnected_;
  unsigned lines_ = 0;
};

}  // namespace

TEST_F(Crash, NothingIsLostOrDoubledWhenTheProcessIsKilled) {
  launch(strict().dump());
  killAtRandomMoments(numberFrom("GW_CRASH_ROUNDS", 8));
}

TEST_F(Crash, NothingIsLostOrDoubledOverTwoLoops) {
  Json patch = strict();
  patch["loops"] = 2;
  launch(patch.dump());
  killAtRandomMoments(numberFrom("GW_CRASH_ROUNDS", 8));
}

TEST_F(Crash, NothingIsLostOrDoubledOnPostgres) {
  PostgresServer& server = PostgresServer::shared();
  launch(Json{{"store",
               {{"durability", "strict"},
                {"driver", "postgres"},
                {"postgres",
                 {{"host", server.host()},
                  {"port", server.port()},
                  {"user", server.user()},
                  {"database", server.newDatabase()},
                  {"passwordFile", server.passwordFile()}}}}}}
             .dump());
  killAtRandomMoments(numberFrom("GW_CRASH_ROUNDS", 8));
}

}  // namespace gw::test
