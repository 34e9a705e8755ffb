#include "support/link_peer.h"

namespace gw::test {
namespace {

WsOptions linkOptions() {
  WsOptions options;
  options.path = "/backend";
  options.subprotocol = "";
  return options;
}

}  // namespace

using Json = nlohmann::json;

LinkPeer::LinkPeer(uint16_t port, LinkPeerOptions options) : options_(std::move(options)), ws_(port, linkOptions()) {}

Json LinkPeer::connect(const std::string& token) {
  return request("connect", {{"protocol", {{"min", 1}, {"max", 1}}},
                             {"role", "backend"},
                             {"auth", {{"token", token}}},
                             {"name", options_.name},
                             {"instance", options_.instance},
                             {"capabilities", options_.capabilities},
                             {"client", {{"id", "link-peer"}, {"version", "1"}}}});
}

void LinkPeer::enter(const std::string& token) {
  const Json answer = connect(token);
  if (!answer.value("ok", false)) throw std::runtime_error("the gateway refused the backend: " + answer.dump());
  // What comes before it stays to be looked at.
  const Deadline deadline(kPatience);
  while (true) {
    for (const Json& frame : frames_)
      if (frame.value("event", "") == "link.ready") return;
    auto message = ws_.receive(Ms(deadline.leftMs()));
    if (!message) throw std::runtime_error("the link ended before link.ready");
    take(message->payload);
  }
}

Json LinkPeer::request(const std::string& method, Json params) {
  const std::string id = "p" + std::to_string(++lastRequest_);
  Json frame{{"type", "req"}, {"id", id}, {"method", method}};
  hoistCount(params, frame);
  frame["params"] = std::move(params);
  send(frame);
  return await("the answer to " + method, kPatience,
               [&](const Json& got) { return got.value("type", "") == "res" && got.value("id", "") == id; });
}

Json LinkPeer::expect(const std::string& name, Ms limit) {
  return await("the event " + name, limit, [&](const Json& frame) { return frame.value("event", "") == name; })
      .at("payload");
}

Json LinkPeer::expectCall(const std::string& method, Ms limit) {
  return await("the call " + method, limit, [&](const Json& frame) { return frame.value("method", "") == method; });
}

template <typename Fits>
Json LinkPeer::await(const std::string& what, Ms limit, Fits fits) {
  const Deadline deadline(limit);
  std::string seen;
  size_t looked = 0;
  while (true) {
    for (; looked < frames_.size(); ++looked) {
      if (!fits(frames_[looked])) {
        seen += frames_[looked].dump() + "\n";
        continue;
      }
      Json found = std::move(frames_[looked]);
      frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(looked) + 1);
      return found;
    }
    const auto message = ws_.receive(Ms(deadline.leftMs()));
    if (!message || message->opcode == 8)
      throw std::runtime_error("the link ended while waiting for " + what + "; seen:\n" + seen);
    if (message->opcode == 1) take(message->payload);
  }
}

void LinkPeer::poll() {
  while (const auto message = ws_.receiveNow())
    if (message->opcode == 1) take(message->payload);
}

void LinkPeer::take(const std::string& message) {
  const Json json = Json::parse(message);
  if (!json.is_array()) return handle(json);
  for (const Json& frame : json) handle(frame);
}

void LinkPeer::handle(Json frame) {
  if (frame.value("type", "") == "req" && options_.answers) {
    const Json payload = answerTo(frame.at("method"), frame.at("params"));
    if (!payload.is_null()) return answer(frame, payload);
  }
  frames_.push_back(std::move(frame));
}

Json LinkPeer::answerTo(const std::string& method, const Json& params) const {
  const auto user = [](const std::string& name) { return Json{{"user", {{"id", "u-" + name}, {"name", name}}}}; };
  if (method == "authenticate" || method == "register") return user(params.at("username"));
  if (method == "guest") return user("Guest");
  const auto character = [](const std::string& name) { return Json{{"id", "c-" + name}, {"name", name}}; };
  if (method == "characters.list")
    return {{"characters", {character("Hero of " + params.at("user").get<std::string>())}}};
  if (method == "characters.create") return {{"character", character(params.at("name"))}};
  if (method == "characters.select") return {{"character", character(params.at("character"))}};
  if (method == "heartbeat") return Json::object();
  return nullptr;
}

}  // namespace gw::test
