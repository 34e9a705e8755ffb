#include "support/v1_client.h"

namespace gw::test {

using Json = nlohmann::json;

void V1Client::takeFrame(Json frame) {
  const std::string type = frame.value("type", "");
  if (type == "res") {
    const Json payload = frame.value("payload", Json::object());
    if (payload.is_object() && payload.contains("session") && payload.at("session").contains("id")) {
      session_ = payload.at("session");
      epoch_ = session_.value("epoch", epoch_);
    }
    answers_.push_back(std::move(frame));
    return;
  }
  if (frame.contains("epoch")) epoch_ = frame.at("epoch").get<uint64_t>();
  if (frame.contains("seq")) {
    const Position at{epoch_, frame.at("seq").get<uint64_t>()};
    if (at <= position_) ++duplicates_;
    position_ = std::max(position_, at);
    frame["position"] = at.toString();
  }
  events_.push_back(std::move(frame));
}

void V1Client::take(const WsFrame& frame) {
  if (frame.opcode == 9) return ws_.sendFrame(10, frame.payload);
  if (frame.opcode == 8) {
    closeCode_ = frame.closeCode();
    return ws_.sendFrame(8, frame.payload.substr(0, 2));
  }
  if (frame.opcode != 1) throw std::runtime_error("unexpected frame, opcode " + std::to_string(frame.opcode));
  Json parsed = Json::parse(frame.payload);  // throws on what is no JSON
  if (!parsed.is_array()) return takeFrame(std::move(parsed));
  for (Json& each : parsed) takeFrame(std::move(each));
}

bool V1Client::readFrame(const Deadline& deadline) {
  const auto frame = ws_.receive(Ms(deadline.leftMs()));
  if (!frame) {
    if (closeCode_ == 0) closeCode_ = 1006;
    return false;
  }
  take(*frame);
  return true;
}

bool V1Client::poll() {
  while (const auto frame = ws_.receiveNow()) take(*frame);
  if (closeCode_ == 0 && ws_.hasEnded()) closeCode_ = 1006;
  return closeCode_ == 0;
}

std::string V1Client::send(const std::string& method, const Json& params) {
  std::string id = std::to_string(nextId_++);
  ws_.sendText(Json{{"type", "req"}, {"id", id}, {"method", method}, {"params", params}}.dump());
  return id;
}

std::optional<Json> V1Client::takeAnswer(const std::string& id) {
  for (size_t i = 0; i < answers_.size(); ++i) {
    if (answers_[i].value("id", Json()) != Json(id)) continue;
    Json found = std::move(answers_[i]);
    answers_.erase(answers_.begin() + static_cast<ptrdiff_t>(i));
    return found;
  }
  return std::nullopt;
}

Json V1Client::tryRequest(const std::string& method, const Json& params) {
  const std::string id = send(method, params);
  const Deadline deadline(kPatience);
  for (;;) {
    if (auto found = takeAnswer(id)) return std::move(*found);
    bool isOpen = false;
    try {
      isOpen = readFrame(deadline);
    } catch (const std::exception& problem) {
      throw std::runtime_error(std::string(problem.what()) + " (waiting for the answer to " + method + ")");
    }
    if (!isOpen) throw std::runtime_error("closed (" + std::to_string(closeCode_) + ") before the answer to " + method);
  }
}

Json V1Client::request(const std::string& method, const Json& params) {
  const Json res = tryRequest(method, params);
  if (!res.value("ok", false)) throw std::runtime_error(method + " is refused: " + res.dump());
  return res.value("payload", Json::object());
}

Json V1Client::enterAsGuest() { return request("connect", {{"auth", {{"guest", true}}}}); }

Json V1Client::enterAsNew(const std::string& name, const std::string& password, const Json& more) {
  Json params{{"auth", {{"username", name}, {"password", password}, {"register", true}}},
              {"character", name},
              {"createCharacter", true}};
  params.merge_patch(more);
  return request("connect", params);
}

Json V1Client::login(const std::string& name, const std::string& password, const Json& more) {
  Json params{{"auth", {{"username", name}, {"password", password}}}, {"character", name}};
  params.merge_patch(more);
  return request("connect", params);
}

Json V1Client::resume(const std::string& token, const std::string& attempt, Position from) {
  position_ = from;
  return request("connect",
                 {{"resume", {{"token", token}, {"attempt", attempt}, {"epoch", from.epoch}, {"lastSeq", from.seq}}}});
}

std::optional<Json> V1Client::next(Ms limit) {
  const Deadline deadline(limit);
  while (events_.empty()) {
    if (!readFrame(deadline)) return std::nullopt;
  }
  Json event = std::move(events_.front());
  events_.pop_front();
  return event;
}

Json V1Client::expect(const std::string& text, Ms limit) {
  const Deadline deadline(limit);
  std::string seen;
  for (;;) {
    std::optional<Json> event;
    try {
      event = next(Ms(deadline.leftMs()));
    } catch (const std::exception& problem) {
      seen += problem.what();
    }
    if (!event) throw std::runtime_error("no event with the text \"" + text + "\"; seen:\n" + seen);
    const Json payload = event->value("payload", Json::object());
    if (payload.value("text", "").find(text) != std::string::npos) return *event;
    seen += event->dump() + "\n";
  }
}

Json V1Client::expectEvent(const std::string& name, Ms limit) {
  const Deadline deadline(limit);
  std::string seen;
  for (;;) {
    std::optional<Json> event;
    try {
      event = next(Ms(deadline.leftMs()));
    } catch (const std::exception& problem) {
      seen += problem.what();
    }
    if (!event) throw std::runtime_error("no event \"" + name + "\"; seen:\n" + seen);
    if (event->value("event", "") == name) return *event;
    seen += event->dump() + "\n";
  }
}

uint16_t V1Client::readToClose(Ms limit) {
  const Deadline deadline(limit);
  while (closeCode_ == 0 && readFrame(deadline)) {
  }
  return closeCode_;
}

}  // namespace gw::test
