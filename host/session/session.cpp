#include "session/session.h"

#include <algorithm>

#include "plugin/stream.h"
#include "session/login_flow.h"

namespace gw::session {

namespace {

std::string positionJson(Position at) {
  return "{\"epoch\":" + std::to_string(at.epoch) + ",\"seq\":" + std::to_string(at.seq) + "}";
}

plugin::Event gapEvent(Position from, Position to, const char* reason) {
  plugin::Event gap;
  gap.kind = plugin::EventKind::kText;  // terminals read the sentence, others the members
  gap.name = "gap";
  gap.text = "(Some lines were lost while you were away.)";
  gap.dataJson = "\"from\":" + positionJson(from) + ",\"to\":" + positionJson(to) + ",\"reason\":\"" + reason + "\"";
  return gap;
}

}  // namespace

Attachment::Attachment(plugin::Stream& owner) : stream(owner) {}
Attachment::~Attachment() = default;
std::string Attachment::connectionId() const { return "c" + std::to_string(stream.id()); }

Session::Session(SessionId id, net::EventLoop& loop, const EventLog::Bounds& bounds, net::Timer::Callback onTimer)
    : id_(id), bounds_(bounds), timer(loop.timers(), onTimer, this) {}

Session::~Session() = default;

Result<void> Session::setState(State next) {
  if (auto legal = checkTransition(state_, next); !legal) return legal;
  const State from = state_;
  state_ = next;
  for (Attachment* attachment : attachments_)
    attachment->stream.notice(GW_NOTICE_STATE, static_cast<uint64_t>(from), static_cast<uint64_t>(next));
  return {};
}

void Session::emit(plugin::LoopEvent& event) {
  if (event.event().delivery == plugin::Delivery::kMust) {
    if (unloading) {
      hasMissed_ = true;
      return;
    }
    const Position at{epoch, ++lastSeq};
    droppedEvents += log.append(at, plugin::LoopEventPtr(&event), bounds_);
    if (!journal || !journal->event(event, at)) show(event, at);
    return;
  }
  if (journal && journal->isHolding()) return journal->hold(event);
  show(event, {epoch, 0});
}

void Session::beginEpoch() {
  wholeEpochs.add(head());
  ++epoch;
  if (journal) journal->setShown(head());
}

void Session::admitMissed() {
  if (!std::exchange(hasMissed_, false)) return;
  ++lastSeq;  // of the events that are lost; whoever resumes below it hears of a gap
  log.noteLost(head());
  if (journal && !journal->isHolding()) journal->setShown(head());
}

void Session::show(plugin::LoopEvent& event, Position at) {
  if (event.event().delivery == plugin::Delivery::kLatest) setLatest(event);
  if (journal && at.seq != 0) journal->setShown(at);
  for (Attachment* attachment : attachments_) deliver(*attachment, event, at);
}

void Session::deliver(Attachment& to, plugin::LoopEvent& event, Position at) {
  const auto outcome = to.stream.deliver(event, at.epoch, at.seq);
  if (outcome == plugin::Stream::Delivered::kDropped) {
    if (event.event().delivery == plugin::Delivery::kLatest)
      to.latestMissed = true;
    else
      ++droppedEvents;
  }
}

void Session::emitPrivate(Attachment& to, plugin::Event event) {
  event.delivery = plugin::Delivery::kPrivate;
  event.flags |= GW_EVENT_PRIVATE;
  const auto shared = plugin::makeLoopEvent(std::move(event));
  to.stream.deliver(*shared, 0, 0);
}

void Session::setLatest(plugin::LoopEvent& event) {
  const std::string& key = event.event().latestKey;
  std::erase_if(latest_, [&](const auto& entry) { return entry.first == key; });
  // A 65th key evicts the one that was set longest ago.
  if (latest_.size() >= kMaxLatest) {
    latest_.erase(latest_.begin());
    ++droppedEvents;
  }
  latest_.emplace_back(key, plugin::LoopEventPtr(&event));
}

plugin::LoopEventPtr Session::latest(std::string_view key) const {
  for (const auto& [name, event] : latest_)
    if (name == key) return event;
  return {};
}

void Session::sendLatest(Attachment& to) {
  to.latestMissed = false;
  for (const auto& [key, event] : latest_) deliver(to, *event, {epoch, 0});
}

void Session::attach(Attachment& attachment, uint32_t lineageId) {
  attachment.session = this;
  attachment.lineage = lineageId;
  attachments_.push_back(&attachment);
}

void Session::detach(Attachment& attachment) {
  attachment.stream.endUnits();
  std::erase(attachments_, &attachment);
  attachment.session = nullptr;
}

// An epoch that is not this one ended in a crash. Where everything was journalled, nothing is lost up to
// its end; what a client has seen beyond that end, or of an epoch nobody knows, is.
bool Session::mayHaveLost(Position seen) const {
  if (seen.epoch == 0 || seen.epoch >= epoch) return false;
  const Position* end = wholeEpochs.find(seen.epoch);
  return !end || seen.seq > end->seq;
}

void Session::replay(Attachment& to, Position after) {
  if (mayHaveLost(after))
    emitPrivate(to, gapEvent(after, shownHead(), "hostCrash"));
  else if (log.lostTo() > after)
    emitPrivate(to, gapEvent(after, log.lostTo(), "trimmed"));
  const Position last = shownHead();
  for (size_t i = log.firstAbove(after); i < log.size() && log.at(i).at <= last; ++i) {
    const EventLog::Entry& entry = log.at(i);
    to.stream.deliver(*entry.event, entry.at.epoch, entry.at.seq);
  }
  sendLatest(to);
}

Lineage& Session::newLineage(const std::string& device, Position from) {
  if (lineages_.size() >= kMaxLineages) {
    // The oldest one without a connection leaves; its cursor no longer holds the log.
    const auto isIdle = [&](const Lineage& candidate) {
      return std::none_of(attachments_.begin(), attachments_.end(),
                          [&](const Attachment* a) { return a->lineage == candidate.id; });
    };
    auto oldest = lineages_.end();
    for (auto it = lineages_.begin(); it != lineages_.end(); ++it)
      if (isIdle(*it) && (oldest == lineages_.end() || it->lastSeenNs < oldest->lastSeenNs)) oldest = it;
    lineages_.erase(oldest == lineages_.end() ? lineages_.begin() : oldest);
  }
  Lineage lineage;
  lineage.id = nextLineage_++;
  lineage.device = device;
  lineage.acknowledged = from;
  lineages_.push_back(std::move(lineage));
  return lineages_.back();
}

void Session::restoreLineage(uint32_t lineageId, const std::string& device, Position acknowledged) {
  if (lineages_.size() >= kMaxLineages) return;
  Lineage& restored = lineages_.emplace_back();
  restored.id = lineageId;
  restored.device = device;
  restored.acknowledged = acknowledged;
  nextLineage_ = std::max(nextLineage_, lineageId + 1);
}

bool Session::restoreCommand(uint64_t seq, const std::string& text) {
  if (commands_.size() >= kMaxQueuedCommands) return false;
  commands_.emplace_back(seq, text);
  return true;
}

Lineage* Session::lineage(uint32_t lineageId) {
  for (Lineage& candidate : lineages_)
    if (candidate.id == lineageId) return &candidate;
  return nullptr;
}

void Session::acknowledge(uint32_t lineageId, Position to) {
  Lineage* mine = lineage(lineageId);
  // Nobody can have seen what was never sent: an ack beyond the head is ignored.
  if (!mine || to <= mine->acknowledged || to > shownHead()) return;
  mine->acknowledged = to;
  trimAcknowledged();
}

void Session::trimAcknowledged() {
  if (lineages_.empty()) return;
  Position lowest = lineages_.front().acknowledged;
  for (const Lineage& candidate : lineages_) lowest = std::min(lowest, candidate.acknowledged);
  log.acknowledge(lowest);
}

uint64_t Session::lastClientSeq(const std::string& device) const {
  for (const DeviceCommands& known : devices)
    if (known.device == device) return known.lastClientSeq;
  return 0;
}

Session::Accept Session::acceptCommand(const std::string& device, uint64_t clientSeq, uint64_t& expected) {
  expected = lastClientSeq(device) + 1;
  if (clientSeq < expected) return Accept::kDuplicate;
  if (clientSeq > expected) return Accept::kConflict;
  if (journal) journal->device(device, clientSeq);
  for (auto it = devices.begin(); it != devices.end(); ++it) {
    if (it->device != device) continue;
    it->lastClientSeq = clientSeq;
    std::rotate(it, it + 1, devices.end());  // most recently used last
    return Accept::kNew;
  }
  if (devices.size() >= kMaxDevices) forgetDevice();
  devices.push_back({device, clientSeq});
  return Accept::kNew;
}

// The one that was used least lately; whoever is connected counts on its number.
void Session::forgetDevice() {
  const auto isConnected = [this](const DeviceCommands& known) {
    return std::any_of(attachments_.begin(), attachments_.end(),
                       [&](const Attachment* attachment) { return attachment->device == known.device; });
  };
  const auto away = std::find_if_not(devices.begin(), devices.end(), isConnected);
  devices.erase(away == devices.end() ? devices.begin() : away);
}

bool Session::queueCommand(uint64_t& seqOut, const std::string& text) {
  if (commands_.size() >= kMaxQueuedCommands) return false;
  seqOut = ++commandSeq;
  if (journal) journal->command(seqOut, text);
  commands_.emplace_back(seqOut, text);
  return true;
}

void Session::commandsAcknowledged(uint64_t seq) {
  const auto first = std::find_if(commands_.begin(), commands_.end(), [&](const auto& c) { return c.first > seq; });
  if (first == commands_.begin()) return;
  if (journal) journal->commandsDone(seq);
  commands_.erase(commands_.begin(), first);
  // Who once had a long queue should not keep its room.
  if (commands_.empty() && commands_.capacity() > 4) commands_ = std::vector<std::pair<uint64_t, std::string>>();
}

}  // namespace gw::session
