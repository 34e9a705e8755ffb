#include "frames.h"

#include <array>
#include <charconv>

#include "json_text.h"

namespace gw::backend {
namespace {

constexpr std::array<std::string_view, kFrameKinds> kNames{"session.output",     "session.prompt", "entity.changed",
                                                           "session.disconnect", "session.plain",  "room.join",
                                                           "room.leave",         "room.output",    "broadcast"};

void appendNumber(std::string& out, int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

std::string_view truth(bool value) { return value ? "true" : "false"; }

}  // namespace

std::string_view nameOf(FrameKind kind) { return kNames[static_cast<size_t>(kind)]; }

void appendEvent(std::string& out, FrameKind kind, int64_t n, std::string_view payload) {
  out += R"({"type":"event","event":")";
  out += nameOf(kind);
  out += '"';
  if (n > 0) {
    out += R"(,"n":)";
    appendNumber(out, n);
  }
  out += R"(,"payload":)";
  out += payload;
  out += '}';
}

std::string commandAck(std::string_view session, int64_t seq) {
  std::string out = R"({"type":"event","event":"command.ack","payload":{"session":)";
  appendJsonString(out, session);
  out += R"(,"seq":)";
  appendNumber(out, seq);
  out += "}}";
  return out;
}

std::string acceptance(std::string_view id, std::string_view payload) {
  std::string out = R"({"type":"res")";
  appendRawMember(out, "id", id);
  out += R"(,"ok":true)";
  appendRawMember(out, "payload", payload);
  return out + "}";
}

std::string refusal(std::string_view id, const Refusal& refusal) {
  std::string error = "{";
  appendMember(error, "code", refusal.code);
  appendMember(error, "message", refusal.message);
  if (!refusal.reason.empty()) {
    std::string details = "{";
    appendMember(details, "reason", refusal.reason);
    appendRawMember(error, "details", details + "}");
  }
  if (refusal.retryAfterMs >= 0) appendRawMember(error, "retryAfterMs", std::to_string(refusal.retryAfterMs));
  std::string out = R"({"type":"res")";
  appendRawMember(out, "id", id);
  out += R"(,"ok":false)";
  appendRawMember(out, "error", error + "}");
  return out + "}";
}

std::string request(std::string_view id, std::string_view method, std::string_view params) {
  std::string out = R"({"type":"req")";
  appendMember(out, "id", id);
  appendMember(out, "method", method);
  appendRawMember(out, "params", params);
  return out + "}";
}

std::string connectRequest(const ConnectParams& params) {
  std::string auth = "{";
  appendMember(auth, "token", params.token);
  std::string capabilities = "{";
  appendRawMember(capabilities, "characters", truth(params.hasCharacters));
  appendRawMember(capabilities, "registration", truth(params.hasRegistration));
  appendRawMember(capabilities, "guests", truth(params.hasGuests));
  if (!params.welcome.empty()) appendMember(capabilities, "welcome", params.welcome);
  std::string client = "{";
  appendMember(client, "id", params.clientId);
  appendMember(client, "version", params.clientVersion);
  std::string json = R"({"protocol":{"min":1,"max":1},"role":"backend")";
  appendRawMember(json, "auth", auth + "}");
  appendMember(json, "name", params.name);
  appendMember(json, "instance", params.instance);
  appendRawMember(json, "capabilities", capabilities + "}");
  appendRawMember(json, "client", client + "}");
  return request("connect", "connect", json + "}");
}

}  // namespace gw::backend
