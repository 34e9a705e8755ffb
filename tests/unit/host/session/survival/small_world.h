#pragma once
// SmallWorld: a backend of one room, as the lobby in what matters here: it queues what it is asked, does
// it when the test says so, and makes one unit of a command's effects and its acknowledgement. A crash
// takes it along.

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "session/backend_port.h"

namespace gw::test {

class SmallWorld final : public session::Backend {
 public:
  static constexpr const char* kRoom = "hall";

  explicit SmallWorld(session::BackendSink& sink) : sink_(sink) {}

  bool isIdle() const { return queue_.empty(); }
  void workOne() {
    if (queue_.empty()) return;
    Task next = std::move(queue_.front());
    queue_.pop_front();
    next();
  }
  /// What is asked of it from now on is never done.
  void stop() {
    isStopped_ = true;
    queue_.clear();
  }
  void workAll() {
    while (!isIdle()) workOne();
  }

  session::BackendCapabilities capabilities() const override { return {}; }
  bool isUp() const override { return true; }
  void authenticate(session::Credentials who, session::Reply<session::Identity> reply) override {
    later([who, reply = std::move(reply)]() mutable {
      reply(session::Identity{"user-" + who.userName, who.userName, false, false});
    });
  }
  void registerUser(session::Credentials who, session::Reply<session::Identity> reply) override {
    authenticate(std::move(who), std::move(reply));
  }
  void guest(session::Credentials, session::Reply<session::Identity> reply) override {
    later([reply = std::move(reply)]() mutable { reply(fail(ErrorCode::kForbidden, "no guests")); });
  }
  void signInByToken(session::TokenCredentials, session::Reply<session::TokenSignIn> reply) override {
    later([reply = std::move(reply)]() mutable { reply(fail(ErrorCode::kForbidden, "no tokens")); });
  }
  void issueToken(std::string, session::Reply<std::string> reply) override {
    later([reply = std::move(reply)]() mutable { reply(fail(ErrorCode::kForbidden, "no tokens")); });
  }
  void listCharacters(std::string, session::Reply<std::vector<session::Character>> reply) override {
    later([reply = std::move(reply)]() mutable { reply(std::vector<session::Character>()); });
  }
  void createCharacter(std::string, session::NewCharacter, session::Reply<session::Character> reply) override {
    later([reply = std::move(reply)]() mutable { reply(fail(ErrorCode::kConflict, "it is there", "nameTaken")); });
  }
  void selectCharacter(std::string, std::string name, session::Reply<session::Character> reply) override {
    later([name, reply = std::move(reply)]() mutable { reply(session::Character{"char-" + name, name, {}}); });
  }

  void entered(session::PlayingSession who) override {
    later([this, id = who.session, name = who.user.userName] {
      present_[id] = name;
      sink_.joinRoom(id, kRoom);
    });
  }
  void left(SessionId id, std::string) override {
    later([this, id] { present_.erase(id); });
  }
  void disconnected(SessionId, std::string) override {}
  void reconnected(SessionId) override {}
  void command(SessionId id, uint64_t seq, std::string text) override {
    later([this, id, seq, text] { run(id, seq, text); });
  }
  void privateCommand(SessionId, std::string) override {}
  void push() override {}

 private:
  void later(Task task) {
    if (!isStopped_) queue_.push_back(std::move(task));
  }

  void run(const SessionId& id, uint64_t seq, const std::string& text) {
    sink_.beginUnit();
    if (present_.contains(id)) {
      plugin::Event line;
      line.text = text;
      sink_.broadcastToRoom(kRoom, std::move(line), {}, {});
      sink_.prompt(id, "> ", true);
    }
    sink_.acknowledge(id, seq);
    sink_.endUnit();
  }

  session::BackendSink& sink_;
  std::deque<Task> queue_;
  bool isStopped_ = false;
  std::map<SessionId, std::string> present_;
};

}  // namespace gw::test
