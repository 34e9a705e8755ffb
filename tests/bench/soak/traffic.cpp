#include "soak/traffic.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gw::bench {
namespace {

constexpr uint32_t kLoginsUnderWay = 128;
constexpr uint32_t kWindow = 16;  // messages of a client whose answers are owed, at most
constexpr uint32_t kMostAtOnce = 3;
constexpr uint32_t kAckEvery = 100;
constexpr uint32_t kRpcLines = 16;
constexpr size_t kMostProblems = 8;
constexpr size_t kMostTurnsAtOnce = 64;
constexpr uint64_t kStuckNs = 30'000'000'000;
constexpr uint64_t kOwedNs = 60'000'000'000;

/// When a message was sent, and what reloads did then.
struct Sent {
  uint64_t ns = 0;  // 0: nothing is owed
  uint32_t any = 0, moving = 0;
};

}  // namespace

struct SoakTraffic::Member {
  std::unique_ptr<Client> client;
  uint32_t toldBy = 0;    // whose messages it hears
  std::string neighbour;  // whom it tells
  uint32_t told = 0;      // its own last number
  bool isCut = false;     // the end of that one is held back
  bool isGone = false;
  Sequence lines, answers, tells;
  Sent sent[kWindow] = {};  // by number mod kWindow
};

uint64_t SoakFigures::faults() const {
  return lines.all() + answers.all() + tells.all() + seqFaults + misdelivered + dropped + refused;
}

SoakTraffic::SoakTraffic(const Target& target, const SoakMix& mix, const SoakPace& pace, uint64_t seed)
    : target_(target), pace_(pace), random_(seed), epollFd_(epoll_create1(EPOLL_CLOEXEC)) {
  std::vector<Wire> wires;
  for (size_t wire = 0; wire < kWires; ++wire) wires.insert(wires.end(), mix.of[wire], static_cast<Wire>(wire));
  std::shuffle(wires.begin(), wires.end(), random_);
  wires.insert(wires.begin(), Wire::kWebSocket);  // who says the lines
  ClientOwner& owner = *this;
  for (uint32_t number = 0; number < wires.size(); ++number) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->client = std::make_unique<Client>(owner, target_, wires[number], number);
  }
}

SoakTraffic::~SoakTraffic() { ::close(epollFd_); }

// --- events -----------------------------------------------------------------------------------------

void SoakTraffic::poll(int timeoutMs) {
  epoll_event events[512];
  const int count = epoll_wait(epollFd_, events, 512, timeoutMs);
  nowNs_ = nowNs();
  for (int i = 0; i < count; ++i) static_cast<Pollable*>(events[i].data.ptr)->onReady(events[i].events);
}

void SoakTraffic::awaitProgress(const std::function<bool()>& isDone, const char* what) {
  uint64_t seen = progress_;
  uint64_t since = nowNs();
  while (!isDone()) {
    poll(100);
    if (progress_ != seen) since = nowNs_;
    seen = progress_;
    if (nowNs_ - since > kStuckNs) throw std::runtime_error(std::string("waited in vain for ") + what);
  }
}

void SoakTraffic::onPlaying(Client& client) {
  ++progress_;
  ++playing_;
  client.sinceAck = client.number % kAckEvery;  // so that not all acknowledge the same event
}

void SoakTraffic::onEnded(Client& client, const std::string& why) {
  ++progress_;
  Member& member = *members_[client.number];
  if (!member.isGone && playing_ > 0) --playing_;
  member.isGone = true;
  if (isClosing_) return;
  ++figures_.dropped;
  note("a " + std::string(nameOf(client.wire())) + " client was dropped: " + (why.empty() ? "closed" : why));
}

void SoakTraffic::onUnit(Client& client, const Unit& unit) {
  ++progress_;
  if (const uint64_t seq = findSeq(client.wire(), unit.payload); seq != 0) {
    if (seq <= client.lastSeq) ++figures_.seqFaults;
    client.lastSeq = seq;
    if (++client.sinceAck >= kAckEvery) acknowledge(client);
  }
  Member& member = *members_[client.number];
  if (const uint32_t line = findMarker(unit.payload); line != 0) {
    ++figures_.linesHeard;
    member.lines.take(line, figures_.lines);
  } else if (const Numbered message = findNumbered(unit.payload); message.number != 0) {
    takeMessage(member, message);
  }
}

void SoakTraffic::takeMessage(Member& member, Numbered message) {
  if (message.sender == member.toldBy) {
    ++figures_.heard;
    return member.tells.take(message.number, figures_.tells);
  }
  if (message.sender != member.client->number) {
    ++figures_.misdelivered;
    return;
  }
  ++figures_.answered;
  member.answers.take(message.number, figures_.answers);
  takeTime(member, message.number);
}

void SoakTraffic::takeTime(Member& member, uint32_t number) {
  const Sent sent = std::exchange(member.sent[number % kWindow], {});
  if (sent.ns == 0 || !phases_) return;
  const uint64_t tookNs = nowNs_ - sent.ns;
  (phases_->any.wasUnderWaySince(sent.any) ? figures_.during : figures_.between).add(tookNs);
  if (phases_->moving.wasUnderWaySince(sent.moving)) figures_.moving.add(tookNs);
}

void SoakTraffic::acknowledge(Client& client) {
  client.sinceAck = 0;
  if (client.wire() == Wire::kSse) return rpc_->ack(client);
  client.sendRequest(
      "ack", "{\"epoch\":" + std::to_string(client.epoch()) + ",\"seq\":" + std::to_string(client.lastSeq) + "}");
}

void SoakTraffic::note(const std::string& problem) {
  if (figures_.problems.size() < kMostProblems) figures_.problems.push_back(problem);
}

// --- what they do -----------------------------------------------------------------------------------

void SoakTraffic::open() {
  rpc_ = std::make_unique<RpcLines>(epollFd_, target_.httpPort, kRpcLines);
  for (uint32_t started = 0; playing_ < members_.size();) {
    for (; started < members_.size() && started - playing_ < kLoginsUnderWay; ++started)
      members_[started]->client->connect(epollFd_);
    const uint32_t before = playing_;
    awaitProgress([&] { return playing_ > before || figures_.dropped > 0; }, "clients to log in");
    if (figures_.dropped > 0) throw std::runtime_error(figures_.problems.at(0));
  }
  // The ring. Who says the lines stands beside it.
  const auto count = static_cast<uint32_t>(members_.size() - 1);
  for (uint32_t i = 1; i <= count; ++i) {
    const uint32_t next = i % count + 1;
    members_[i]->neighbour = members_[next]->client->name();
    members_[next]->toldBy = i;
  }
  members_[0]->toldBy = UINT32_MAX;
  // What everybody hears when thousands arrive is over when everybody has heard this.
  say();
  awaitProgress([this] { return isAllThere(); }, "the first line to be heard by all");
}

void SoakTraffic::run(const std::function<bool()>& isDone, const ReloadPhases& phases) {
  phases_ = &phases;
  startedNs_ = nowNs_ = nowNs();
  while (!isDone()) {
    act();
    poll(5);
  }
  phases_ = nullptr;
}

void SoakTraffic::act() {
  const double seconds = static_cast<double>(nowNs_ - startedNs_) / 1e9;
  if (static_cast<double>(figures_.linesSaid) < seconds * pace_.linesPerSecond) say();
  const double turnsDue = seconds * static_cast<double>(members_.size() - 1) / pace_.turnSeconds;
  for (size_t now = 0; turnsDone_ < turnsDue && now < kMostTurnsAtOnce; ++now, ++turnsDone_) {
    turn(*members_[nextTurn_]);
    nextTurn_ = nextTurn_ % (members_.size() - 1) + 1;
  }
}

void SoakTraffic::say() {
  if (members_[0]->isGone) return;
  ++figures_.linesSaid;
  members_[0]->client->command("say " + marker(static_cast<uint32_t>(figures_.linesSaid)));
}

void SoakTraffic::turn(Member& member) {
  if (member.isGone) return;
  if (member.isCut) {
    member.isCut = false;
    member.sent[member.told % kWindow] = {nowNs_, phases_->any.now(), phases_->moving.now()};
    member.client->sendHeld();
  }
  if (member.told - member.answers.last() + kMostAtOnce > kWindow) {
    ++figures_.skipped;
    return;
  }
  tellNeighbour(member, 1 + static_cast<uint32_t>(random_() % kMostAtOnce));
}

void SoakTraffic::tellNeighbour(Member& member, uint32_t messages) {
  Client& client = *member.client;
  const bool isSse = client.wire() == Wire::kSse;
  std::string bytes;
  size_t lastBytes = 0;
  for (uint32_t i = 0; i < messages; ++i) {
    ++figures_.told;
    const std::string text = "tell " + member.neighbour + " " + markerOf({client.number, ++member.told});
    member.sent[member.told % kWindow] = {nowNs_, phases_->any.now(), phases_->moving.now()};
    if (isSse) {
      rpc_->request(client, "command", "{\"text\":\"" + text + "\"}");
      continue;
    }
    const std::string command = client.commandBytes(text);
    lastBytes = command.size();
    bytes += command;
  }
  if (isSse) return;
  member.isCut = random_() % 2 == 0;
  if (member.isCut) ++figures_.cut;
  client.sendAllBut(member.isCut ? 1 + random_() % (lastBytes - 1) : 0, bytes);
}

// --- the end ----------------------------------------------------------------------------------------

bool SoakTraffic::isAllThere() const {
  return std::all_of(members_.begin(), members_.end(), [&](const auto& member) {
    if (member->isGone) return true;
    const uint32_t toldIt = member->toldBy < members_.size() ? members_[member->toldBy]->told : 0;
    const bool isOwedByTheGone = member->toldBy < members_.size() && members_[member->toldBy]->isGone;
    return member->lines.last() == figures_.linesSaid && member->answers.last() == member->told &&
           (isOwedByTheGone || member->tells.last() == toldIt);
  });
}

void SoakTraffic::countLost() {
  for (const auto& member : members_) {
    if (member->isGone) continue;
    figures_.lines.lost += figures_.linesSaid - member->lines.last();
    figures_.answers.lost += member->told - member->answers.last();
    if (member->toldBy >= members_.size() || members_[member->toldBy]->isGone) continue;
    figures_.tells.lost += members_[member->toldBy]->told - member->tells.last();
  }
}

void SoakTraffic::finish() {
  for (const auto& member : members_)
    if (!member->isGone) member->client->sendHeld();
  const uint64_t endNs = nowNs() + kOwedNs;
  while (!isAllThere() && nowNs() < endNs) poll(20);
  countLost();
  figures_.refused = rpc_->failed();
  if (figures_.refused > 0) note("POST /rpc was refused: " + rpc_->firstFailure());
  isClosing_ = true;
  for (const auto& member : members_)
    if (!member->isGone) member->client->close();
  awaitProgress([this] { return playing_ == 0; }, "clients to end");
}

}  // namespace gw::bench
