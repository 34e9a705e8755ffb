#include "support/tcp_client.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

namespace gw::test {
namespace {

sockaddr_in addressOf(const std::string& ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) throw std::runtime_error("not an address: " + ip);
  return address;
}

}  // namespace

TcpClient::TcpClient(uint16_t port, const std::string& source, int receiveBuffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  const sockaddr_in from = addressOf(source, 0);
  const sockaddr_in to = addressOf("127.0.0.1", port);
  ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receiveBuffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, sizeof receiveBuffer);
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const int problem = errno;
    close();
    throw std::runtime_error("cannot connect to port " + std::to_string(port) + ": " + std::strerror(problem));
  }
}

TcpClient::~TcpClient() { close(); }
TcpClient::TcpClient(TcpClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

bool TcpClient::send(std::string_view bytes) const {
  const Deadline deadline(kPatience);
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
      continue;
    }
    if (errno != EAGAIN) return false;
    pollfd watched{fd_, POLLOUT, 0};
    if (::poll(&watched, 1, deadline.leftMs()) <= 0) throw std::runtime_error("timed out sending");
  }
  return true;
}

bool TcpClient::receive(std::string& to, const Deadline& deadline, size_t most) const {
  if (!waitReadable(fd_, deadline)) throw std::runtime_error("timed out receiving");
  return receiveNow(to, most);
}

bool TcpClient::receiveNow(std::string& to, size_t most) const {
  const size_t had = to.size();
  to.resize(had + most);
  const ssize_t n = ::recv(fd_, to.data() + had, most, MSG_DONTWAIT);
  const bool nothingYet = n < 0 && errno == EAGAIN;
  to.resize(had + static_cast<size_t>(n > 0 ? n : 0));
  return n > 0 || nothingYet;
}

void TcpClient::shutdownWrite() const { ::shutdown(fd_, SHUT_WR); }

void TcpClient::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void TcpClient::goDeaf() const {
  sock_filter dropAll{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &dropAll};
  if (::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw std::runtime_error(std::string("cannot go deaf: ") + std::strerror(errno));
}

void TcpClient::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void TerminalText::take(std::string_view bytes, std::string& to) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    switch (state_) {
      case State::kText:
        if (byte == 255)
          state_ = State::kIac;
        else if (byte == 27)
          state_ = State::kEsc;
        else if (byte != '\r' && byte != 0 && byte != 7)
          to.push_back(c);
        break;
      case State::kIac:
        if (byte == 255) to.push_back(c);
        state_ = byte == 250 ? State::kSub : byte >= 251 && byte <= 254 ? State::kOption : State::kText;
        break;
      case State::kOption:
        state_ = State::kText;
        break;
      case State::kSub:
        state_ = byte == 255 ? State::kSubIac : State::kSub;
        break;
      case State::kSubIac:
        state_ = byte == 240 ? State::kText : State::kSub;
        break;
      case State::kEsc:
        state_ = byte == '[' ? State::kCsi : byte == ']' ? State::kOsc : State::kText;
        break;
      case State::kCsi:
        if (byte >= 0x40 && byte <= 0x7e) state_ = State::kText;
        break;
      case State::kOsc:
        if (byte == 7 || byte == '\\') state_ = State::kText;
        break;
    }
  }
}

void TelnetClient::sendLine(std::string_view line) const { socket_.send(std::string(line) + "\r\n"); }

std::string TelnetClient::expect(std::string_view text, Ms limit) {
  const Deadline deadline(limit);
  size_t at = 0;
  while ((at = text_.find(text)) == std::string::npos) {
    const size_t had = raw_.size();
    bool isOpen = false;
    try {
      isOpen = socket_.receive(raw_, deadline);
    } catch (const std::exception&) {
      throw std::runtime_error("timed out waiting for \"" + std::string(text) + "\"; pending: \"" + text_ + "\"");
    }
    filter_.take(std::string_view(raw_).substr(had), text_);
    if (!isOpen && text_.find(text) == std::string::npos)
      throw std::runtime_error("closed before \"" + std::string(text) + "\"; pending: \"" + text_ + "\"");
  }
  std::string taken = text_.substr(0, at + text.size());
  text_.erase(0, taken.size());
  return taken;
}

std::string TelnetClient::readToEnd(Ms limit) {
  const Deadline deadline(limit);
  for (bool isOpen = true; isOpen;) {
    const size_t had = raw_.size();
    isOpen = socket_.receive(raw_, deadline);
    filter_.take(std::string_view(raw_).substr(had), text_);
  }
  return std::move(text_);
}

std::string TelnetClient::enterAsGuest() {
  expect("Name: ");
  sendLine("guest");
  expect("Welcome, ");
  const std::string name = expect("!");
  expect("You are in ");
  expect("\n");
  // The login flow greets the user ("Welcome, X."), the lobby the character ("Welcome, X!").
  const size_t last = name.rfind("Welcome, ");
  return name.substr(last == std::string::npos ? 0 : last + 9,
                     name.size() - 1 - (last == std::string::npos ? 0 : last + 9));
}

void TelnetClient::enterAsNew(const std::string& name, const std::string& password) {
  expect("Name: ");
  sendLine("new");
  expect("Choose a name");
  sendLine(name);
  expect("Choose a password");
  sendLine(password);
  expect("The same password again");
  sendLine(password);
  expect("Name your character");
  sendLine(name);
  expect("Welcome, " + name + "!");
  expect("You are in ");
  expect("\n");
}

}  // namespace gw::test
