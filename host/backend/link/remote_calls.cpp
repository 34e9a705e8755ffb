// RemoteBackend: what the gateway asks: logins and characters. Any loop; replies come on a connection's thread.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "backend/link/remote_backend.h"
#include "session/caller.h"

namespace gw::link {
namespace {

using session::jsonString;

Error away() { return fail(ErrorCode::kUnavailable, "the game is not available at the moment; try again soon"); }

Error nonsense(const Error& why) {
  return fail(ErrorCode::kInternal, "the game answered something that the gateway does not understand: " + why.message);
}

Result<std::vector<session::Character>> readCharacters(const Json& payload) {
  constexpr size_t kMost = 256;
  const auto list = payload.find("characters");
  if (list == payload.end() || !list->is_array() || list->size() > kMost)
    return invalid("expected \"characters\", an array of at most 256");
  std::vector<session::Character> out;
  for (const Json& json : *list) {
    auto character = readCharacter(json);
    if (!character) return character.error();
    out.push_back(std::move(*character));
  }
  return out;
}

Result<session::Character> readOne(const Json& payload) {
  const auto character = payload.find("character");
  if (character == payload.end()) return invalid("expected \"character\", an object");
  return readCharacter(*character);
}

}  // namespace

RemoteBackend::ConnectionPtr RemoteBackend::forCall() {
  const std::lock_guard lock(mutex_);
  ConnectionPtr best;
  for (const ConnectionPtr& connection : connections_)
    if (!connection->isDraining && (!best || connection->callsUnderWay() < best->callsUnderWay())) best = connection;
  if (best) ++figures_.calls;
  return best;
}

template <typename T, typename Read>
void RemoteBackend::ask(std::string_view method, const std::string& params, session::Reply<T> reply, Read read) {
  const ConnectionPtr connection = forCall();
  // Never synchronously: whoever asks is in the middle of something. Its own thread is the nearest one.
  if (!connection) return reply(away());
  connection->call(method, params, [reply = std::move(reply), read](Result<Json> payload) mutable {
    if (!payload) return reply(payload.error());
    auto value = read(*payload);
    reply(value ? std::move(value) : Result<T>(nonsense(value.error())));
  });
}

void RemoteBackend::logIn(std::string_view method, const session::Credentials& credentials,
                          session::Reply<session::Identity> reply) {
  ask<session::Identity>(
      method,
      "{\"session\":\"" + credentials.session.toString() + "\",\"username\":" + jsonString(credentials.userName) +
          ",\"password\":" + jsonString(credentials.password) + ",\"address\":" + jsonString(credentials.address) + "}",
      std::move(reply), readUser);
}

void RemoteBackend::authenticate(session::Credentials credentials, session::Reply<session::Identity> reply) {
  logIn("authenticate", credentials, std::move(reply));
}

void RemoteBackend::registerUser(session::Credentials credentials, session::Reply<session::Identity> reply) {
  if (!capabilities().registration)
    return reply(fail(ErrorCode::kForbidden, "There is no registration here.", "registrationClosed"));
  logIn("register", credentials, std::move(reply));
}

void RemoteBackend::guest(session::Credentials credentials, session::Reply<session::Identity> reply) {
  if (!capabilities().guests)
    return reply(fail(ErrorCode::kForbidden, "There are no guests here.", "permissionDenied"));
  ask<session::Identity>(
      "guest",
      "{\"session\":\"" + credentials.session.toString() + "\",\"address\":" + jsonString(credentials.address) + "}",
      std::move(reply), [](const Json& payload) {
        auto user = readUser(payload);
        if (user) user->isGuest = true;
        return user;
      });
}

void RemoteBackend::signInByToken(session::TokenCredentials, session::Reply<session::TokenSignIn> reply) {
  reply(fail(ErrorCode::kUnauthorized, "The game keeps no sign-ins.", "invalidCredentials"));
}

void RemoteBackend::issueToken(std::string, session::Reply<std::string> reply) {
  reply(fail(ErrorCode::kMethodNotFound, "the game keeps no sign-ins"));
}

// Without characters everybody has one, which is they.
void RemoteBackend::listCharacters(std::string userId, session::Reply<std::vector<session::Character>> reply) {
  if (!capabilities().characters) return reply(std::vector<session::Character>{{userId, {}, {}}});
  ask<std::vector<session::Character>>("characters.list", "{\"user\":" + jsonString(userId) + "}", std::move(reply),
                                       readCharacters);
}

void RemoteBackend::createCharacter(std::string userId, session::NewCharacter wanted,
                                    session::Reply<session::Character> reply) {
  if (!capabilities().characters) return reply(session::Character{userId, {}, {}});
  Json params = Json::parse(wanted.json, nullptr, false);
  if (!params.is_object()) params = Json::object();
  for (auto it = params.begin(); it != params.end();) {
    static constexpr std::array<std::string_view, 5> kPassed{"race", "class", "attributes", "description", "metadata"};
    it = std::find(kPassed.begin(), kPassed.end(), it.key()) == kPassed.end() ? params.erase(it) : std::next(it);
  }
  params["user"] = userId;
  params["name"] = wanted.name;
  ask<session::Character>("characters.create", dump(params), std::move(reply), readOne);
}

void RemoteBackend::selectCharacter(std::string userId, std::string idOrName,
                                    session::Reply<session::Character> reply) {
  if (!capabilities().characters) return reply(session::Character{userId, {}, {}});
  ask<session::Character>("characters.select",
                          "{\"user\":" + jsonString(userId) + ",\"character\":" + jsonString(idOrName) + "}",
                          std::move(reply), readOne);
}

}  // namespace gw::link
