#include "fake_gateway.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <sys/socket.h>

namespace gw::test {

using Json = nlohmann::json;
using namespace nlohmann::literals;
using Poco::Net::WebSocket;

class FakeGateway::Handler final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Handler(FakeGateway& gateway) : gateway_(gateway) {}
  void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override {
    if (request.getURI() != "/backend" || request.has("Origin")) {
      response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_NOT_FOUND);
      response.send();
      return;
    }
    try {
      WebSocket socket(request, response);
      gateway_.serve(socket);
    } catch (const Poco::Exception&) {
      // The test hung up.
    }
  }

 private:
  FakeGateway& gateway_;
};

class FakeGateway::Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(FakeGateway& gateway) : gateway_(gateway) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Handler(gateway_);
  }

 private:
  FakeGateway& gateway_;
};

FakeGateway::FakeGateway(const std::string& unixPath) : unixPath_(unixPath) {
  using Poco::Net::SocketAddress;
  Poco::Net::ServerSocket socket;
  socket.bind(unixPath.empty() ? SocketAddress("127.0.0.1", 0) : SocketAddress(SocketAddress::UNIX_LOCAL, unixPath));
  socket.listen();
  const Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
  server_ = std::make_unique<Poco::Net::HTTPServer>(new Factory(*this), socket, params);
  server_->start();
}

FakeGateway::~FakeGateway() {
  server_->stop();
  hangUp();
  server_->stopAll(true);
}

std::string FakeGateway::url() const {
  return unixPath_.empty() ? "ws://127.0.0.1:" + std::to_string(port()) : "unix:" + unixPath_;
}

int FakeGateway::port() const { return server_->port(); }

void FakeGateway::refuseWith(const Json& error) {
  const std::lock_guard lock(mutex_);
  refusal_ = error;
}

void FakeGateway::setReady(bool isReady) {
  const std::lock_guard lock(mutex_);
  isReady_ = isReady;
}

void FakeGateway::setAcks(bool acks) {
  const std::lock_guard lock(mutex_);
  acks_ = acks;
}

void FakeGateway::setHeartbeatMs(int ms) {
  const std::lock_guard lock(mutex_);
  heartbeatMs_ = ms;
}

void FakeGateway::refuseFrames(const std::string& having, const Json& error) {
  const std::lock_guard lock(mutex_);
  refusedText_ = having;
  refusedWith_ = error;
}

template <typename Holds>
void FakeGateway::wait(const std::string& what, Holds holds) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, holds)) throw std::runtime_error("the gateway waited in vain for " + what);
}

void FakeGateway::waitForLinks(int count) {
  wait("link " + std::to_string(count), [&] { return links_ >= count && socket_; });
}

Json FakeGateway::hello() const {
  const auto last = last_.find("");
  return {{"protocol", 1},
          {"server", {{"version", "0"}, {"gatewayId", "fake"}, {"connId", "1"}}},
          {"auth", {{"role", "backend"}, {"capabilities", Json::array()}}},
          {"link", {{"n", last == last_.end() ? 0 : last->second}}},
          {"policy",
           {{"maxPayload", 65536}, {"heartbeatMs", heartbeatMs_}, {"callTimeoutMs", 30000}, {"maxQueued", 1000}}}};
}

void FakeGateway::serve(WebSocket& accepted) {
  const auto socket = std::make_shared<WebSocket>(accepted);
  Poco::Buffer<char> buffer(0);
  while (true) {
    int flags = 0;
    buffer.resize(0, false);
    const int count = socket->receiveFrame(buffer, flags);
    if ((count <= 0 && flags == 0) || (flags & WebSocket::FRAME_OP_BITMASK) == WebSocket::FRAME_OP_CLOSE) break;
    if ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_TEXT) continue;
    const std::string text(buffer.begin(), buffer.size());
    const Json message = Json::parse(text);
    std::vector<Json> answers;
    {
      const std::lock_guard lock(mutex_);
      messageSizes_.push_back(text.size());
      const Json frames = message.is_array() ? message : Json::array({message});
      for (const auto& frame : frames) {
        if (frame.value("method", "") == "connect" && refusal_.is_null()) socket_ = socket;
        take(frame, answers);
      }
      if (acks_) ackAll(answers);
    }
    if (!answers.empty()) {
      const std::string out = Json(answers).dump();
      const std::lock_guard lock(sendMutex_);
      socket->sendFrame(out.data(), static_cast<int>(out.size()));
    }
    // Only now: what the test sends comes behind hello.
    const std::lock_guard lock(mutex_);
    links_ = static_cast<int>(connects_.size());
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  if (socket_ == socket) socket_ = nullptr;
  changed_.notify_all();
}

void FakeGateway::take(const Json& frame, std::vector<Json>& answers) {
  if (frame.value("method", "") == "connect") {
    const bool isOk = refusal_.is_null();
    answers.push_back({{"type", "res"}, {"id", frame["id"]}, {"ok", isOk}});
    answers.back()[isOk ? "payload" : "error"] = isOk ? hello() : refusal_;
    if (isOk && isReady_)
      answers.push_back({{"type", "event"}, {"event", "link.ready"}, {"payload", {{"sessions", 0}}}});
    connects_.push_back(frame["params"]);
    return;
  }
  if (frame.value("method", "") == "heartbeat") {
    answers.push_back({{"type", "res"}, {"id", frame["id"]}, {"ok", true}, {"payload", Json::object()}});
  }
  if (frame.contains("n")) {
    count(frame, answers);
  } else {
    frames_.push_back(frame);
  }
}

namespace {

Json linkError(const Json& frame, const Json& error) {
  Json about{{"event", frame["event"]}, {"n", frame["n"]}, {"error", error}};
  if (frame["payload"].contains("session")) about["session"] = frame["payload"]["session"];
  return {{"type", "event"}, {"event", "link.error"}, {"payload", about}};
}

}  // namespace

bool FakeGateway::isRefused(const Json& frame, int64_t& last, std::vector<Json>& answers) {
  if (refusedText_.empty() || frame["payload"].dump().find(refusedText_) == std::string::npos) return false;
  answers.push_back(linkError(frame, refusedWith_));
  const bool isMisplaced = refusedWith_.value("/details/reason"_json_pointer, "") == "otherConnection";
  if (!isMisplaced && frame["n"] == last + 1) ++last;
  return true;
}

void FakeGateway::count(const Json& frame, std::vector<Json>& answers) {
  const std::string session = frame["payload"].value("session", "");
  const auto n = frame["n"].get<int64_t>();
  int64_t& last = last_[session];
  if (isRefused(frame, last, answers)) return;
  if (n > last + 1) {
    answers.push_back(
        linkError(frame, {{"code", "CONFLICT"}, {"message", "a gap"}, {"details", {{"expected", last + 1}}}}));
  } else if (n == last + 1) {
    last = n;
    taken_[session].push_back(frame);
    frames_.push_back(frame);
  }
}

void FakeGateway::ackAll(std::vector<Json>& answers) {
  for (const auto& [session, n] : last_) {
    Json payload{{"n", n}};
    if (!session.empty()) payload["session"] = session;
    answers.push_back({{"type", "event"}, {"event", "link.ack"}, {"payload", payload}});
  }
}

void FakeGateway::acknowledge() {
  std::vector<Json> answers;
  {
    const std::lock_guard lock(mutex_);
    ackAll(answers);
  }
  send(answers);
}

void FakeGateway::sendRaw(const std::string& text, int flags) {
  std::shared_ptr<WebSocket> socket;
  {
    const std::lock_guard lock(mutex_);
    socket = socket_;
  }
  if (!socket) throw std::runtime_error("the fake gateway has no link");
  const std::lock_guard lock(sendMutex_);
  socket->sendFrame(text.data(), static_cast<int>(text.size()), flags);
}

void FakeGateway::send(const Json& frames) { sendRaw(frames.dump(), WebSocket::FRAME_TEXT); }

void FakeGateway::event(const std::string& name, const Json& payload) {
  send({{"type", "event"}, {"event", name}, {"payload", payload}});
}

namespace {

Json sessionBlock(const std::string& session, const std::string& name) {
  return {{"session", session},
          {"user", {{"id", "u-" + name}, {"name", name}, {"guest", false}, {"plain", false}}},
          {"character", {{"id", "c-" + name}, {"name", name}}}};
}

}  // namespace

void FakeGateway::enter(const std::string& session, const std::string& name) {
  event("session.entered", sessionBlock(session, name));
}

void FakeGateway::reconnect(const std::string& session, int64_t n, const std::string& cause) {
  Json payload = sessionBlock(session, "Anna");
  payload["state"] = "playing";
  payload["rooms"] = Json::array();
  payload["n"] = n;
  payload["cause"] = cause;
  event("session.reconnected", payload);
}

void FakeGateway::command(const std::string& session, int64_t seq, const std::string& text) {
  event("command", {{"session", session}, {"seq", seq}, {"text", text}});
}

void FakeGateway::leave(const std::string& session, const std::string& reason) {
  lose(session, 0);
  event("session.closed", {{"session", session}, {"reason", reason}});
}

void FakeGateway::hangUp() {
  const std::lock_guard lock(mutex_);
  if (socket_) ::shutdown(socket_->impl()->sockfd(), SHUT_RDWR);
  socket_ = nullptr;
}

Json FakeGateway::waitFor(const std::string& what, const std::function<bool(const Json&)>& fits) {
  Json found;
  wait(what, [&] {
    for (auto at = frames_.begin(); at != frames_.end(); ++at) {
      if (!fits(*at)) continue;
      found = *at;
      frames_.erase(at);
      return true;
    }
    return false;
  });
  return found;
}

Json FakeGateway::waitForEvent(const std::string& name) {
  return waitFor(name, [&](const Json& frame) { return frame.value("event", "") == name; });
}

Json FakeGateway::waitForAck(const std::string& session, int64_t seq) {
  return waitFor("command.ack " + std::to_string(seq), [&](const Json& frame) {
    return frame.value("event", "") == "command.ack" && frame["payload"]["session"] == session &&
           frame["payload"]["seq"].get<int64_t>() >= seq;
  });
}

Json FakeGateway::waitForResponse(const std::string& id) {
  return waitFor("the answer to " + id,
                 [&](const Json& frame) { return frame.value("type", "") == "res" && frame["id"] == id; });
}

std::vector<Json> FakeGateway::taken(const std::string& session, size_t count) {
  wait(std::to_string(count) + " frames of " + session, [&] { return taken_[session].size() >= count; });
  const std::lock_guard lock(mutex_);
  return taken_[session];
}

std::vector<std::string> FakeGateway::texts(const std::string& session, size_t count) {
  std::vector<std::string> texts;
  for (const auto& frame : taken(session, count)) {
    const Json& payload = frame["payload"];
    texts.push_back(payload.contains("output") ? payload["output"].value("text", "")
                                               : frame["event"].get<std::string>());
  }
  return texts;
}

std::vector<Json> FakeGateway::connects() {
  const std::lock_guard lock(mutex_);
  return connects_;
}

std::vector<size_t> FakeGateway::messageSizes() {
  const std::lock_guard lock(mutex_);
  return messageSizes_;
}

void FakeGateway::lose(const std::string& session, int64_t n) {
  const std::lock_guard lock(mutex_);
  last_[session] = n;
}

}  // namespace gw::test
