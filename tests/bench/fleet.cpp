#include "fleet.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace gw::bench {
namespace {

constexpr uint64_t kStuckNs = 30'000'000'000;
constexpr uint32_t kAckEvery = 100;
constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kSpinNs = 200'000;

std::string textOf(const char* verb, uint32_t id, size_t bytes) {
  std::string text = verb + marker(id) + " ";
  text.append(bytes > kMarkerBytes + 1 ? bytes - kMarkerBytes - 1 : 0, 'x');
  return text;
}

}  // namespace

Fleet::Fleet(const Target& target, Wire wire)
    : target_(target), wire_(wire), epollFd_(epoll_create1(EPOLL_CLOEXEC)), arrived_(kRing), dueNs_(kRing) {
  if (wire == Wire::kSse) rpc_ = std::make_unique<RpcLines>(epollFd_, target.httpPort);
  publisher_ = std::make_unique<Client>(static_cast<ClientOwner&>(*this), target_, Wire::kWebSocket, 0);
  publisher_->connect(epollFd_);
  pollUntil([this] { return publisher_->isPlaying(); }, "the publisher to log in");
}

Fleet::~Fleet() { ::close(epollFd_); }

Client& Fleet::start(int receiveBuffer) {
  clients_.push_back(std::make_unique<Client>(static_cast<ClientOwner&>(*this), target_, wire_, ++nextNumber_));
  clients_.back()->connect(epollFd_, receiveBuffer);
  return *clients_.back();
}

void Fleet::open(uint32_t count, uint32_t underWay, int receiveBuffer) {
  const uint32_t wanted = size() + count;
  while (playing_ < wanted) {
    while (size() < wanted && size() - playing_ < underWay) start(receiveBuffer);
    const uint32_t before = playing_;
    pollUntil([&] { return playing_ > before; }, "clients to log in");
  }
}

void Fleet::settle(uint32_t quietMs) {
  uint64_t seen = progress_;
  uint64_t since = nowNs();
  while (nowNs() - since < uint64_t{quietMs} * 1'000'000) {
    poll(static_cast<int>(quietMs) / 2);
    if (progress_ != seen) since = nowNs();
    seen = progress_;
  }
}

void Fleet::closeAll() {
  mode_ = Mode::kIdle;
  for (const auto& client : clients_)
    if (client->isPlaying()) client->close();
  publisher_->close();
  pollUntil([this] { return playing_ == 0; }, "clients to end");
}

void Fleet::ackAll() {
  for (const auto& client : clients_) acknowledge(*client);
  settle(200);
}

void Fleet::control(const std::string& text) { publisher_->send(clientFrame(1, "!" + text)); }

double Fleet::bytesReadPerClient() const {
  uint64_t bytes = 0;
  for (const auto& client : clients_) bytes += client->bytesRead;
  return clients_.empty() ? 0 : static_cast<double>(bytes) / static_cast<double>(clients_.size());
}

// --- events -----------------------------------------------------------------------------------------

void Fleet::poll(int timeoutMs) {
  epoll_event events[512];
  // Looks again for a moment before it sleeps: otherwise each send() of a server would wake this process
  // up, which on a virtual machine costs more than the send itself.
  const uint64_t spinUntil = nowNs() + kSpinNs;
  int count = 0;
  while ((count = epoll_wait(epollFd_, events, 512, 0)) == 0 && timeoutMs != 0 && nowNs() < spinUntil) {
  }
  if (count == 0 && timeoutMs != 0) count = epoll_wait(epollFd_, events, 512, timeoutMs);
  nowNs_ = nowNs();
  for (int i = 0; i < count; ++i) static_cast<Pollable*>(events[i].data.ptr)->onReady(events[i].events);
  for (const uint32_t number : ended_) {
    const auto gone = std::find_if(clients_.begin(), clients_.end(), [&](auto& c) { return c->number == number; });
    std::swap(*gone, clients_.back());
    clients_.pop_back();
  }
  ended_.clear();
  if (!firstProblem_.empty()) throw std::runtime_error(target_.name + ": " + firstProblem_);
}

void Fleet::pollUntil(const std::function<bool()>& isDone, const char* what) {
  uint64_t seen = progress_;
  uint64_t since = nowNs();
  while (!isDone()) {
    poll(100);
    if (progress_ != seen) since = nowNs_;
    seen = progress_;
    if (nowNs_ - since > kStuckNs) {
      const uint64_t missing = uint64_t{nextId_ - 1 - completed_};
      throw std::runtime_error(target_.name + ": waited in vain for " + what + " (" + std::to_string(missing) +
                               " messages not complete)");
    }
  }
}

void Fleet::onPlaying(Client& client) {
  ++progress_;
  client.lastId = nextId_ - 1;
  client.sinceAck = client.number % kAckEvery;  // so that not all acknowledge the same message
  if (&client == publisher_.get()) return;
  ++playing_;
  if (mode_ != Mode::kCycle) return;
  client.close();
}

void Fleet::onEnded(Client& client, const std::string& why) {
  ++progress_;
  const bool isCounted = &client != publisher_.get();
  if (isCounted && client.lastId != UINT32_MAX && playing_ > 0) --playing_;
  if (mode_ == Mode::kCycle && isCounted) {
    if (why.empty()) ++arrivals_;
    ended_.push_back(client.number);
  }
  const bool isCutOff = client.lastId == UINT32_MAX;
  if (!why.empty() && !isCutOff && firstProblem_.empty()) firstProblem_ = "a client was closed: " + why;
}

void Fleet::onUnit(Client& client, const Unit& unit) {
  ++progress_;
  if (client.lastId == UINT32_MAX) return;  // was stalled; no longer counts
  const uint64_t seq = findSeq(client.wire(), unit.payload);
  if (seq != 0) {
    if (seq <= client.lastSeq) ++doubled;
    client.lastSeq = seq;
    if (++client.sinceAck >= kAckEvery) acknowledge(client);
  }
  if (mode_ == Mode::kEcho && echoIsPing_) {
    if (seq == 0 && unit.payload.find("\"now\"") != std::string_view::npos) count(client, client.lastId + 1, unit);
    return;
  }
  if (mode_ == Mode::kIdle || &client == publisher_.get()) return;
  const uint32_t id = findMarker(unit.payload);
  if (id != 0) count(client, id, unit);
}

void Fleet::count(Client& client, uint32_t id, const Unit& unit) {
  if (id <= client.lastId) {
    ++doubled;
    return;
  }
  lost += id - client.lastId - 1;
  client.lastId = id;
  ++arrivals_;
  ++units_;
  bytesOfUnits_ += unit.wireBytes;
  if (mode_ == Mode::kEcho) return echoNext(client);
  latencies_.add(nowNs_ - dueNs_[id % kRing]);
  if (++arrived_[id % kRing] == playing_ && id == completed_ + 1) {
    // Clients get messages in order: when one is complete, those before it are.
    completed_ = id;
    while (completed_ + 1 < nextId_ && arrived_[(completed_ + 1) % kRing] == playing_) ++completed_;
  }
}

void Fleet::acknowledge(Client& client) {
  client.sinceAck = 0;
  if (client.lastSeq == 0) return;
  if (client.wire() == Wire::kSse) return rpc_->ack(client);
  if (isTelnet(client.wire())) return;
  client.sendRequest(
      "ack", "{\"epoch\":" + std::to_string(client.epoch()) + ",\"seq\":" + std::to_string(client.lastSeq) + "}");
}

// --- measurements -----------------------------------------------------------------------------------

Outcome Fleet::finish(uint64_t startNs, uint64_t cpuBefore) const {
  Outcome out;
  out.seconds = static_cast<double>(nowNs() - startNs) / 1e9;
  out.serverCpuSeconds = static_cast<double>(cpuNs(target_.pid) - cpuBefore) / 1e9;
  out.deliveries = arrivals_;
  return out;
}

void Fleet::startMessages() {
  mode_ = Mode::kFanOut;
  completed_ = nextId_ - 1;
  arrivals_ = units_ = bytesOfUnits_ = 0;
  latencies_.clear();
}

void Fleet::publish(uint32_t messages, size_t textBytes, uint64_t dueNs) {
  std::string frames;
  for (uint32_t i = 0; i < messages; ++i) {
    const uint32_t id = nextId_++;
    arrived_[id % kRing] = 0;
    dueNs_[id % kRing] = dueNs;
    frames += clientFrame(1, requestFrame("3", "command", "{\"text\":\"" + textOf("say ", id, textBytes) + "\"}"));
  }
  publisher_->send(frames);
}

void Fleet::awaitMessages() {
  pollUntil([this] { return completed_ + 1 == nextId_; }, "every client to have every message");
  mode_ = Mode::kIdle;
}

Outcome Fleet::fanOut(uint32_t window, double seconds, size_t textBytes) {
  startMessages();
  const uint32_t first = nextId_;
  const uint64_t cpuBefore = cpuNs(target_.pid);
  const uint64_t start = nowNs();
  const uint64_t end = start + static_cast<uint64_t>(seconds * 1e9);
  for (nowNs_ = start; nowNs_ < end;) {
    const uint32_t underWay = nextId_ - 1 - completed_;
    if (underWay < window) publish(window - underWay, textBytes, nowNs_);
    const uint64_t seen = progress_;
    poll(10'000);
    if (progress_ == seen && nowNs_ > end) break;  // awaitMessages() says what is missing
  }
  awaitMessages();
  Outcome out = finish(start, cpuBefore);
  out.messages = nextId_ - first;
  return out;
}

Outcome Fleet::paced(double perSecond, double seconds, size_t textBytes, const std::function<bool()>& isDone) {
  startMessages();
  const uint32_t first = nextId_;
  const auto period = static_cast<uint64_t>(1e9 / perSecond);
  const uint64_t cpuBefore = cpuNs(target_.pid);
  const uint64_t start = nowNs();
  const uint64_t end = start + static_cast<uint64_t>(seconds * 1e9);
  uint64_t late = 0;
  uint64_t nextCheck = start;
  for (uint64_t due = start; due < end;) {
    nowNs_ = nowNs();
    for (; due <= nowNs_ && due < end && nextId_ - completed_ < kRing; due += period) {
      if (nowNs_ - due > period) ++late;
      publish(1, textBytes, due);
    }
    if (due < end) poll(due > nowNs_ ? static_cast<int>((due - nowNs_ + 999'999) / 1'000'000) : 0);
    if (!isDone || nowNs_ < nextCheck) continue;
    if (isDone()) break;
    nextCheck = nowNs_ + kSecondNs / 20;
  }
  awaitMessages();
  Outcome out = finish(start, cpuBefore);
  out.messages = nextId_ - first;
  out.lateMessages = late;
  return out;
}

void Fleet::echoNext(Client& client) {
  if (echoIsEnding_) {
    --echoing_;
    return;
  }
  if (echoIsPing_) return client.sendRequest("ping", "{}");
  client.command("tell " + client.name() + " " + textOf("", client.lastId + 1, echoBytes_));
}

Outcome Fleet::echo(double seconds, size_t textBytes, bool isPing) {
  startMessages();
  mode_ = Mode::kEcho;
  echoBytes_ = textBytes;
  echoIsPing_ = isPing;
  echoIsEnding_ = false;
  echoing_ = size();
  const uint64_t cpuBefore = cpuNs(target_.pid);
  const uint64_t start = nowNs();
  const uint64_t end = start + static_cast<uint64_t>(seconds * 1e9);
  for (const auto& client : clients_) echoNext(*client);
  pollUntil([&] { return nowNs_ >= end; }, "echoes");
  echoIsEnding_ = true;
  pollUntil([this] { return echoing_ == 0; }, "the last echoes");
  Outcome out = finish(start, cpuBefore);
  mode_ = Mode::kIdle;
  for (const auto& client : clients_) client->lastId = 0;  // each counts its own
  publisher_->lastId = 0;
  return out;
}

Outcome Fleet::cycles(uint32_t underWay, double seconds) {
  startMessages();
  mode_ = Mode::kCycle;
  const uint64_t cpuBefore = cpuNs(target_.pid);
  const uint64_t start = nowNs();
  const uint64_t end = start + static_cast<uint64_t>(seconds * 1e9);
  for (nowNs_ = start; nowNs_ < end; poll(100))
    while (size() < underWay) this->start(0);
  pollUntil([this] { return clients_.empty(); }, "the last cycles");
  Outcome out = finish(start, cpuBefore);
  mode_ = Mode::kIdle;
  return out;
}

void Fleet::stallLast(uint32_t count) {
  for (size_t i = clients_.size() - count; i < clients_.size(); ++i) {
    clients_[i]->stall(true);
    clients_[i]->lastId = UINT32_MAX;
  }
  playing_ -= count;
}

bool Fleet::stalledWereCutOff() {
  std::vector<Client*> stalled;
  for (const auto& client : clients_)
    if (client->lastId == UINT32_MAX) stalled.push_back(client.get());
  for (Client* client : stalled) client->stall(false);
  pollUntil(
      [&] {
        return std::all_of(stalled.begin(), stalled.end(),
                           [](Client* client) { return client->state() == Client::State::kEnded; });
      },
      "stalled clients to find their end");
  std::erase_if(clients_, [](const auto& client) { return client->lastId == UINT32_MAX; });
  return true;
}

}  // namespace gw::bench
