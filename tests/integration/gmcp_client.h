#pragma once
// A telnet client that speaks GMCP as Mudlet does and no other option, over a plain or a TLS socket.
// Failures throw std::runtime_error.

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "support/tcp_client.h"
#include "support/tls_client.h"

namespace gw::test {

class GmcpClient {
 public:
  using Json = nlohmann::json;

  explicit GmcpClient(uint16_t port, const std::string& charLogin = "Char.Login 2")
      : plain_(std::make_unique<TcpClient>(port)) {
    introduce(charLogin);
  }
  GmcpClient(uint16_t port, const std::string& ca, const std::string& charLogin)
      : tls_(std::make_unique<TlsClient>(port, ca)) {
    if (!tls_->isOpen()) throw std::runtime_error("no TLS");
    introduce(charLogin);
  }

  void sendLine(const std::string& line) { write(line + "\r\n"); }
  void send(const std::string& name, const Json& data) {
    write("\xff\xfa\xc9" + name + " " + data.dump() + "\xff\xf0");  // no IAC in what these tests send
  }
  void credentials(const std::string& account, const std::string& password) {
    send("Char.Login.Credentials",
         {{"account", account}, {"password", password}, {"version", 2}, {"token_storage", true}});
  }
  void reconnect(const std::string& account, const std::string& token) {
    send("Char.Login.Reconnect", {{"account", account}, {"token", token}, {"version", 2}, {"token_storage", true}});
  }

  /// The data of the next message, which must have this name.
  Json expect(const std::string& name) {
    const Deadline deadline(kPatience);
    while (messages_.empty()) {
      if (!receive(deadline)) throw std::runtime_error("closed before " + name + ": " + text_);
    }
    auto [got, data] = std::move(messages_.front());
    messages_.pop_front();
    if (got != name) throw std::runtime_error("expected " + name + ", got " + got + " " + data.dump());
    return data;
  }
  void expectText(const std::string& part) {
    const Deadline deadline(kPatience);
    while (text_.find(part) == std::string::npos) {
      if (!receive(deadline)) throw std::runtime_error("closed before \"" + part + "\": " + text_);
    }
    text_.erase(0, text_.find(part) + part.size());
  }
  /// Everything to the end of the stream.
  std::string readToEnd() {
    const Deadline deadline(kPatience);
    while (receive(deadline)) {
    }
    return text_;
  }
  /// Messages that have arrived and were not expected yet.
  size_t pending() const { return messages_.size(); }
  /// Closes with RST, as a network that dies.
  void reset() { (plain_ ? *plain_ : tls_->socket()).reset(); }

 private:
  void introduce(const std::string& charLogin) {
    write("\xff\xfc\x18\xff\xfd\xc9");  // WONT TTYPE, DO GMCP
    send("Core.Hello", {{"client", "Mudlet"}, {"version", "4.19.1"}});
    send("Core.Supports.Set", {"Char 1", "Room 1", charLogin});
  }
  void write(const std::string& bytes) {
    if (plain_)
      plain_->send(bytes);
    else
      tls_->send(bytes);
  }
  bool receive(const Deadline& deadline) {
    std::string bytes;
    if (plain_ ? !plain_->receive(bytes, deadline) : !tls_->receive(bytes, deadline)) return false;
    filter_.take(bytes, text_);
    wire_ += bytes;
    for (size_t at = 0; (at = wire_.find("\xff\xfa\xc9")) != std::string::npos;) {
      const size_t end = wire_.find("\xff\xf0", at);
      if (end == std::string::npos) break;
      const std::string payload = wire_.substr(at + 3, end - at - 3);
      const size_t space = payload.find(' ');
      messages_.emplace_back(payload.substr(0, space),
                             space == std::string::npos ? Json() : Json::parse(payload.substr(space + 1)));
      wire_.erase(0, end + 2);
    }
    return true;
  }

  std::unique_ptr<TcpClient> plain_;
  std::unique_ptr<TlsClient> tls_;
  TerminalText filter_;
  std::string wire_;
  std::string text_;
  std::deque<std::pair<std::string, Json>> messages_;
};

}  // namespace gw::test
