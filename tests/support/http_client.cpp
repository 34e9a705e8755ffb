#include "support/http_client.h"

#include <algorithm>
#include <cctype>

namespace gw::test {

using Json = nlohmann::json;

namespace {

bool hasHost(const std::vector<std::string>& headers) {
  return std::any_of(headers.begin(), headers.end(),
                     [](const std::string& line) { return line.rfind("Host:", 0) == 0; });
}

std::string requestText(uint16_t port, const std::string& method, const std::string& target,
                        const std::vector<std::string>& headers, const std::string& body) {
  std::string text = method + " " + target + " HTTP/1.1\r\n";
  if (!hasHost(headers)) text += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
  for (const auto& line : headers) text += line + "\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

HttpAnswer parseHead(const std::string& head) {
  HttpAnswer answer;
  answer.status = std::atoi(head.c_str() + 9);
  for (size_t at = head.find("\r\n"); at != std::string::npos && at + 2 < head.size();) {
    const size_t from = at + 2;
    at = head.find("\r\n", from);
    const std::string line = head.substr(from, at - from);
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    answer.headers[name] = line.substr(std::min(line.size(), line.find_first_not_of(' ', colon + 1)));
  }
  return answer;
}

/// Reads the head; what follows stays in the buffer.
HttpAnswer readHead(const TcpClient& socket, std::string& buffer, const Deadline& deadline) {
  size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!socket.receive(buffer, deadline)) throw std::runtime_error("closed before an HTTP answer: \"" + buffer + "\"");
  }
  HttpAnswer answer = parseHead(buffer.substr(0, end));
  buffer.erase(0, end + 4);
  return answer;
}

}  // namespace

HttpAnswer httpRequest(uint16_t port, const std::string& method, const std::string& target,
                       const std::vector<std::string>& headers, const std::string& body, const std::string& source) {
  const TcpClient socket(port, source);
  socket.send(requestText(port, method, target, headers, body));
  const Deadline deadline(kPatience);
  std::string buffer;
  HttpAnswer answer = readHead(socket, buffer, deadline);
  const auto length = answer.headers.find("content-length");
  const size_t most = length == answer.headers.end() ? std::string::npos : std::stoul(length->second);
  while (buffer.size() < most && method != "HEAD" && socket.receive(buffer, deadline)) {
  }
  answer.body = buffer.substr(0, most);
  return answer;
}

SseStream::SseStream(uint16_t port, const std::string& accessToken, const std::string& lastEventId,
                     const std::vector<std::string>& more)
    : socket_(port) {
  std::vector<std::string> headers{"Accept: text/event-stream", "Authorization: Bearer " + accessToken};
  if (!lastEventId.empty()) headers.push_back("Last-Event-ID: " + lastEventId);
  headers.insert(headers.end(), more.begin(), more.end());
  socket_.send(requestText(port, "GET", "/events", headers, {}));
  status_ = readHead(socket_, buffer_, Deadline(kPatience)).status;
}

std::optional<SseEvent> SseStream::parse() {
  for (;;) {
    const size_t end = buffer_.find("\n\n");
    if (end == std::string::npos) return std::nullopt;
    const std::string block = buffer_.substr(0, end + 1);
    buffer_.erase(0, end + 2);
    SseEvent event;
    for (size_t at = 0; at < block.size();) {
      const size_t stop = block.find('\n', at);
      const std::string line = block.substr(at, stop - at);
      at = stop + 1;
      if (line.rfind("id: ", 0) == 0) event.id = line.substr(4);
      if (line.rfind("event: ", 0) == 0) event.event = line.substr(7);
      if (line.rfind("data: ", 0) == 0) event.data += (event.data.empty() ? "" : "\n") + line.substr(6);
    }
    if (!event.data.empty()) return event;  // else a comment or retry:
  }
}

std::optional<SseEvent> SseStream::next(Ms limit) {
  const Deadline deadline(limit);
  for (;;) {
    if (auto event = parse()) return event;
    if (!socket_.receive(buffer_, deadline)) return parse();
  }
}

std::optional<SseEvent> SseStream::nextNow() {
  if (auto event = parse()) return event;
  (void)socket_.receiveNow(buffer_);
  return parse();
}

SseEvent SseStream::expect(const std::string& text, Ms limit) {
  const Deadline deadline(limit);
  std::string seen;
  for (;;) {
    std::optional<SseEvent> event;
    try {
      event = next(Ms(deadline.leftMs()));
    } catch (const std::exception&) {
    }
    if (!event) throw std::runtime_error("no SSE event with \"" + text + "\"; seen: " + seen);
    if (event->data.find(text) != std::string::npos) return *event;
    seen += event->event + " " + event->data + "\n";
  }
}

Json RpcClient::tryRequest(const std::string& method, const Json& params) {
  const Json frame{{"type", "req"}, {"id", std::to_string(nextId_++)}, {"method", method}, {"params", params}};
  std::vector<std::string> headers{"Content-Type: application/json"};
  if (!accessToken_.empty()) headers.push_back("Authorization: Bearer " + accessToken_);
  const HttpAnswer answer = httpRequest(port_, "POST", "/rpc", headers, frame.dump(), source_);
  Json res = Json::parse(answer.body, nullptr, false);
  if (res.is_discarded() || res.value("id", "") != frame.at("id"))
    throw std::runtime_error("POST /rpc " + method + " answers " + std::to_string(answer.status) + ": " + answer.body);
  return res;
}

Json RpcClient::request(const std::string& method, const Json& params) {
  const Json res = tryRequest(method, params);
  if (!res.value("ok", false)) throw std::runtime_error(method + " is refused: " + res.dump());
  return res.value("payload", Json::object());
}

Json RpcClient::connect(const Json& params) {
  accessToken_.clear();
  Json hello = request("connect", params);
  accessToken_ = hello.at("session").at("accessToken").get<std::string>();
  return hello;
}

}  // namespace gw::test
