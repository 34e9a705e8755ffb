#include "backend/link/frames.h"

#include <array>
#include <nlohmann/json.hpp>

#include "session/caller.h"
#include "session/text/sanitize.h"

namespace gw::link {
namespace {

using session::jsonString;

constexpr size_t kMaxId = 128;
constexpr size_t kMaxSentence = 1024;
constexpr uint64_t kMaxCount = uint64_t{1} << 53;

std::string quoted(std::string_view text) { return jsonString(std::string(text)); }
std::string sessionMember(const SessionId& id) { return "\"session\":\"" + id.toString() + "\""; }
const char* word(bool value) { return value ? "true" : "false"; }

}  // namespace

std::string eventFrame(std::string_view name, std::string_view payload) {
  std::string out = R"({"type":"event","event":")";
  out.append(name).append("\",\"payload\":").append(payload).append("}");
  return out;
}

std::string requestFrame(const std::string& id, std::string_view method, const std::string& params) {
  std::string out = R"({"type":"req","id":")" + id + R"(","method":")";
  out.append(method).append("\",\"params\":").append(params).append("}");
  return out;
}

std::string resultFrame(const Json& id, const std::string& payload) {
  return R"({"type":"res","id":)" + dump(id) + R"(,"ok":true,"payload":)" + payload + "}";
}

std::string refusalFrame(const Json& id, const Error& error) {
  return R"({"type":"res","id":)" + dump(id) + R"(,"ok":false,"error":)" + session::errorJson(error) + "}";
}

std::string commandFrame(const SessionId& session, uint64_t seq, const std::string& text) {
  return eventFrame("command", "{" + sessionMember(session) + ",\"seq\":" + std::to_string(seq) +
                                   ",\"text\":" + jsonString(text) + "}");
}

std::string privateCommandFrame(const SessionId& session, const std::string& text) {
  return eventFrame("command.private", "{" + sessionMember(session) + ",\"text\":" + jsonString(text) + "}");
}

std::string ackFrame(const SessionId* session, uint64_t n) {
  const std::string of = session ? sessionMember(*session) + "," : std::string();
  return eventFrame("link.ack", "{" + of + "\"n\":" + std::to_string(n) + "}");
}

std::string errorFrame(const std::string& event, const std::string& session, uint64_t n, const Error& error) {
  std::string payload = "{\"event\":" + jsonString(event);
  if (!session.empty()) payload += ",\"session\":" + jsonString(session);
  if (n != 0) payload += ",\"n\":" + std::to_string(n);
  return eventFrame("link.error", payload + ",\"error\":" + session::errorJson(error) + "}");
}

std::string expectedJson(uint64_t n) { return "{\"expected\":" + std::to_string(n) + "}"; }

std::string userJson(const session::Identity& user) {
  return "{\"id\":" + jsonString(user.userId) + ",\"name\":" + jsonString(user.userName) +
         ",\"guest\":" + word(user.isGuest) + ",\"plain\":" + word(user.plain) + "}";
}

std::string characterJson(const session::Character& character) {
  return "{\"id\":" + jsonString(character.id) + ",\"name\":" + jsonString(character.name) + "}";
}

std::string sessionJson(const session::PlayingSession& session) {
  return "{" + sessionMember(session.session) + ",\"user\":" + userJson(session.user) +
         ",\"character\":" + characterJson(session.character) + "}";
}

std::string reconnectedJson(const session::PlayingSession& session, std::string_view cause, std::optional<uint64_t> n,
                            bool withRooms) {
  std::string out = sessionJson(session);
  out.pop_back();
  out += ",\"state\":\"" + std::string(session.isAway ? "disconnected" : "playing") + "\",\"cause\":" + quoted(cause);
  if (n) out += ",\"n\":" + std::to_string(*n);
  if (withRooms) {
    out += ",\"rooms\":[";
    for (size_t i = 0; i < session.rooms.size(); ++i) out += (i ? "," : "") + jsonString(session.rooms[i]);
    out += "]";
  }
  return out + "}";
}

std::string sessionEndJson(const SessionId& session, const std::string& reason) {
  return "{" + sessionMember(session) + ",\"reason\":" + jsonString(reason) + "}";
}

Error readError(const Json& error) {
  static constexpr std::array kCodes{ErrorCode::kInvalid,     ErrorCode::kNotFound,     ErrorCode::kMethodNotFound,
                                     ErrorCode::kConflict,    ErrorCode::kUnauthorized, ErrorCode::kForbidden,
                                     ErrorCode::kRateLimited, ErrorCode::kTooLarge,     ErrorCode::kUnavailable,
                                     ErrorCode::kTimeout,     ErrorCode::kInternal};
  const std::string wanted = textOf(error, "code", 64);
  Error out = fail(ErrorCode::kInternal, session::sanitizeInput(textOf(error, "message", kMaxSentence)));
  for (const ErrorCode code : kCodes)
    if (wanted == toString(code)) out.code = code;
  if (out.message.empty()) out.message = "The game refused that.";
  if (const auto details = error.find("details"); details != error.end() && details->is_object())
    out.detail = session::sanitizeInput(textOf(*details, "reason", 64));
  if (const auto after = countOf(error, "retryAfterMs"); after && *after)
    out.retryAfterMs = static_cast<long long>(**after);
  return out;
}

Result<session::Identity> readUser(const Json& payload) {
  const auto user = payload.find("user");
  if (user == payload.end() || !user->is_object()) return invalid("expected \"user\", an object");
  session::Identity out;
  out.userId = textOf(*user, "id", kMaxId);
  out.userName = session::sanitizeInput(textOf(*user, "name", kMaxId));
  out.plain = flagOf(*user, "plain", false);
  if (out.userId.empty()) return invalid("expected \"user.id\", 1 to 128 bytes");
  if (out.userName.empty()) return invalid("expected \"user.name\", 1 to 128 bytes");
  return out;
}

Result<session::Character> readCharacter(const Json& character) {
  session::Character out;
  out.id = textOf(character, "id", kMaxId);
  out.name = session::sanitizeInput(textOf(character, "name", kMaxId));
  out.summary = session::sanitizeInput(textOf(character, "summary", kMaxSentence));
  if (out.id.empty()) return invalid("expected \"id\" of a character, 1 to 128 bytes");
  if (out.name.empty()) return invalid("expected \"name\" of a character, 1 to 128 bytes");
  return out;
}

Error invalid(std::string message) { return fail(ErrorCode::kInvalid, std::move(message), "invalidData"); }

std::string textOf(const Json& object, const char* name, size_t most) {
  if (!object.is_object()) return {};
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) return {};
  const auto& text = it->get_ref<const std::string&>();
  return text.size() <= most ? text : std::string();
}

Result<std::string> optionalText(const Json& object, const char* name, size_t most) {
  const auto it = object.find(name);
  if (it == object.end()) return std::string();
  if (!it->is_string() || it->get_ref<const std::string&>().size() > most)
    return invalid(std::string("expected \"") + name + "\", a string of at most " + std::to_string(most) + " bytes");
  return it->get<std::string>();
}

Result<std::optional<uint64_t>> countOf(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return std::optional<uint64_t>();
  const bool isWhole = it->is_number_unsigned() || (it->is_number_integer() && it->get<int64_t>() >= 0);
  if (!isWhole || it->get<uint64_t>() > kMaxCount)
    return invalid(std::string("expected \"") + name + "\", a whole number from 0 to 2^53");
  return std::optional<uint64_t>(it->get<uint64_t>());
}

bool flagOf(const Json& object, const char* name, bool usual) {
  const auto it = object.find(name);
  return it != object.end() && it->is_boolean() ? it->get<bool>() : usual;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace gw::link
