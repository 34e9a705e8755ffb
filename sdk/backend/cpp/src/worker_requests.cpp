#include "incoming.h"
#include "worker_call.h"

namespace gw::backend {
namespace {

using nlohmann::json;

Credentials credentialsOf(const json& params) {
  return {textOf(params, "session"), textOf(params, "username"), textOf(params, "password"), textOf(params, "address")};
}

NewCharacter newCharacterOf(json params) {
  NewCharacter made{textOf(params, "user"), textOf(params, "name"), {}};
  params.erase("user");
  params.erase("name");
  made.details = params.dump();
  return made;
}

Refusal refusalOf(const json& error) {
  return {textOf(error, "code"), textOf(error, "message"), textOf(objectOf(error, "details"), "reason"),
          numberOf(error, "retryAfterMs", -1)};
}

}  // namespace

// Heartbeats have been answered by the connection.
void Worker::carryOut(const RequestItem& request) {
  if (request.params.is_object()) {
    login(request);
  } else {
    replies_->slot(generation_, request.id)->refuse(Refusal::invalid("params: not an object"));
  }
}

void Worker::login(const RequestItem& request) {
  const json& params = request.params;
  const auto reply = replies_->slot(generation_, request.id);
  const bool isDone = call(request.method.c_str(), [&](Transaction& tx) {
    if (request.method == "authenticate") {
      backend_.authenticate(tx, credentialsOf(params), Answer<User>(reply));
    } else if (request.method == "register") {
      backend_.registerUser(tx, credentialsOf(params), Answer<User>(reply));
    } else if (request.method == "guest") {
      backend_.guest(tx, credentialsOf(params), Answer<User>(reply));
    } else if (request.method == "characters.list") {
      backend_.characters(tx, textOf(params, "user"), Answer<std::vector<Character>>(reply));
    } else if (request.method == "characters.create") {
      backend_.createCharacter(tx, newCharacterOf(params), Answer<Character>(reply));
    } else if (request.method == "characters.select") {
      backend_.selectCharacter(tx, textOf(params, "user"), textOf(params, "character"), Answer<Character>(reply));
    } else {
      reply->refuse(Refusal::unknownMethod());
    }
  });
  if (isDone) return;
  replies_->retract(generation_, request.id);
  // A slot of its own: the author's may have been used up.
  replies_->slot(generation_, request.id)->refuse({"INTERNAL", "Something went wrong.", "", -1});
}

void Worker::ask(const std::string& method, const std::string& params, OnReport then) {
  if (generation_ == 0) {
    inbox_.push(Task{[work = std::move(then)](Transaction& tx) {
      work(tx, {Refusal{"UNAVAILABLE", "There is no link to the gateway.", "", -1}, {}});
    }});
    return;
  }
  const std::string id = "b" + std::to_string(++lastRequest_);
  asked_.emplace(id, std::move(then));
  outgoing_.append(request(id, method, params));
}

void Worker::carryOut(const ResponseItem& response) {
  const auto found = asked_.find(response.id);
  if (found == asked_.end()) return;
  const OnReport then = std::move(found->second);
  asked_.erase(found);
  SessionReport report;
  if (response.isOk) {
    report.json = response.body.dump();
  } else {
    report.refusal = refusalOf(response.body);
  }
  call("getSession", [&](Transaction& tx) { then(tx, report); });
}

}  // namespace gw::backend
