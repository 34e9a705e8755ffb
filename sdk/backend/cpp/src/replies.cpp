#include "replies.h"

#include <atomic>
#include <utility>

#include "frames.h"
#include "json_text.h"

namespace gw::backend {

class Replies::Slot final : public Reply {
 public:
  Slot(std::shared_ptr<Replies> replies, int64_t generation, std::string id)
      : replies_(std::move(replies)), generation_(generation), id_(std::move(id)) {}
  void accept(std::string payload) override {
    if (!isAnswered_.exchange(true)) replies_->add({generation_, id_, acceptance(id_, payload)});
  }
  void refuse(const Refusal& refusal) override {
    if (!isAnswered_.exchange(true)) replies_->add({generation_, id_, backend::refusal(id_, refusal)});
  }

 private:
  const std::shared_ptr<Replies> replies_;
  const int64_t generation_;
  const std::string id_;
  std::atomic<bool> isAnswered_{false};
};

std::shared_ptr<Reply> Replies::slot(int64_t generation, const std::string& id) {
  return std::make_shared<Slot>(shared_from_this(), generation, id);
}

void Replies::add(ReadyReply reply) {
  const std::lock_guard lock(mutex_);
  ready_.push_back(std::move(reply));
  if (wake_) wake_();
}

void Replies::retract(int64_t generation, const std::string& id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(ready_, [&](const ReadyReply& reply) { return reply.generation == generation && reply.id == id; });
}

std::vector<ReadyReply> Replies::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(ready_, {});
}

void Replies::close() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

namespace {

std::string userJson(const User& user) {
  std::string json = "{";
  appendMember(json, "id", user.id);
  appendMember(json, "name", user.name);
  if (user.isPlain) appendRawMember(json, "plain", "true");
  return json + "}";
}

std::string characterJson(const Character& character) {
  std::string json = "{";
  appendMember(json, "id", character.id);
  appendMember(json, "name", character.name);
  if (!character.summary.empty()) appendMember(json, "summary", character.summary);
  return json + "}";
}

}  // namespace

std::string toPayload(const User& user) { return "{\"user\":" + userJson(user) + "}"; }

std::string toPayload(const Character& character) { return "{\"character\":" + characterJson(character) + "}"; }

std::string toPayload(const std::vector<Character>& characters) {
  std::string json = "{\"characters\":[";
  for (size_t i = 0; i < characters.size(); ++i) {
    if (i > 0) json += ',';
    json += characterJson(characters[i]);
  }
  return json + "]}";
}

}  // namespace gw::backend
