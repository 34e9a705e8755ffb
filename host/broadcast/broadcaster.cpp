#include "broadcast/broadcaster.h"

#include <algorithm>

#include "base/clock.h"
#include "broadcast/bus.h"
#include "plugin/stream.h"
#include "session/caller.h"
#include "session/session.h"

namespace gw::broadcast {
namespace {

constexpr uint64_t kSnapshotNs = 1'000'000'000;
constexpr auto kNowhere = static_cast<size_t>(-1);

template <typename T>
bool contains(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool isWanted(const session::Session& session, const Filter& filter) {
  if (!filter.exclude.empty() && contains(filter.exclude, session.id())) return false;
  if (!filter.include.empty() && !contains(filter.include, session.id())) return false;
  return filter.excludeUsers.empty() || !contains(filter.excludeUsers, session.user.userId);
}

bool hears(const session::Attachment& listener, uint32_t family, const std::string& room) {
  if (listener.role != session::Role::kPlayer) return contains(listener.scopes, std::string("operator.read"));
  if (!(listener.families & family) || !listener.session) return false;
  return room.empty() || contains(listener.session->rooms, room);
}

}  // namespace

Broadcaster::Broadcaster(Bus& bus, net::EventLoop& loop) : bus_(bus), loop_(loop) {}

// --- fan-out ----------------------------------------------------------------------------------------

void Broadcaster::deliver(const plugin::EventPtr& event, const Filter& filter) {
  version_ = event->stateVersion;
  const auto shared = plugin::makeLoopEvent(event);
  if (filter.audience != Audience::kOperators) {
    const std::vector<session::Session*>* targets = &playing_;
    if (!filter.room.empty()) {
      const auto room = rooms_.find(filter.room);
      targets = room == rooms_.end() ? nullptr : &room->second;
    }
    if (targets)
      for (session::Session* session : *targets)
        if (isWanted(*session, filter)) session->emit(*shared);
  }
  if (filter.audience == Audience::kPlayers) return;
  for (session::Attachment* listener : listeners_)
    if (listener->role != session::Role::kPlayer && (filter.scope.empty() || contains(listener->scopes, filter.scope)))
      listener->stream.deliver(*shared, 0, 0);
}

void Broadcaster::deliverFamily(const plugin::EventPtr& event, uint32_t family, const std::string& room) {
  version_ = event->stateVersion;
  const auto shared = plugin::makeLoopEvent(event);
  for (session::Attachment* listener : listeners_)
    if (hears(*listener, family, room)) listener->stream.deliver(*shared, 0, 0);
}

void Broadcaster::applyPresence(const session::PresenceChange& change, uint64_t version) {
  version_ = version;
  const bool isKnown = users_.contains(change.userId);
  const char* kind = change.devices == 0 ? (isKnown ? "leave" : nullptr) : isKnown ? "update" : "join";
  if (change.devices == 0)
    users_.erase(change.userId);
  else
    users_.insert(change.userId);
  if (!kind || listeners_.empty()) return;
  plugin::Event event;
  event.delivery = plugin::Delivery::kDrop;
  event.kind = plugin::EventKind::kData;
  event.name = "presence";
  event.stateVersion = version;
  event.dataJson = std::string("{\"kind\":\"") + kind + "\",\"user\":{\"id\":" + session::jsonString(change.userId) +
                   ",\"name\":" + session::jsonString(change.userName) +
                   ",\"character\":" + session::jsonString(change.characterName) +
                   ",\"devices\":" + change.devicesJson + "},\"count\":" + std::to_string(users_.size()) + "}";
  deliverFamily(std::make_shared<const plugin::Event>(std::move(event)), session::kFamilyPresence, {});
}

void Broadcaster::applyHealth(std::string healthJson) { healthJson_ = std::move(healthJson); }

// --- who is here ------------------------------------------------------------------------------------

void Broadcaster::sessionJoined(session::Session& session) {
  if (session.broadcast.playing != kNowhere) return;
  session.broadcast.playing = playing_.size();
  playing_.push_back(&session);
}

void Broadcaster::sessionLeft(session::Session& session) {
  while (!session.rooms.empty()) {
    const std::string room = session.rooms.back();
    leaveRoom(session, room);
  }
  const size_t place = session.broadcast.playing;
  if (place == kNowhere) return;
  playing_[place] = playing_.back();
  playing_[place]->broadcast.playing = place;
  playing_.pop_back();
  session.broadcast.playing = kNowhere;
}

void Broadcaster::joinRoom(session::Session& session, const std::string& room) {
  if (session.broadcast.playing == kNowhere || contains(session.rooms, room)) return;
  if (session.rooms.size() >= kMaxRoomsPerSession || !bus_.countRoom(room, 1)) return;
  session.rooms.push_back(room);
  rooms_[room].push_back(&session);
  roomChanged(session, room, true);
}

void Broadcaster::leaveRoom(session::Session& session, const std::string& room) {
  const auto it = std::find(session.rooms.begin(), session.rooms.end(), room);
  if (it == session.rooms.end()) return;
  session.rooms.erase(it);
  removeFromRoom(session, room);
  bus_.countRoom(room, -1);
  roomChanged(session, room, false);
}

void Broadcaster::removeFromRoom(session::Session& session, const std::string& room) {
  const auto entry = rooms_.find(room);
  if (entry == rooms_.end()) return;
  auto& members = entry->second;
  const auto place = std::find(members.begin(), members.end(), &session);
  if (place != members.end()) {
    *place = members.back();
    members.pop_back();
  }
  if (members.empty()) {
    rooms_.erase(entry);
    snapshots_.erase(room);
  }
}

void Broadcaster::roomChanged(const session::Session& session, const std::string& room, bool joined) {
  if (bus_.listeners.load(std::memory_order_relaxed) == 0) return;
  plugin::Event event;
  event.delivery = plugin::Delivery::kDrop;
  event.kind = plugin::EventKind::kData;
  event.name = "room";
  event.dataJson = "{\"room\":" + session::jsonString(room) + ",\"kind\":\"" + (joined ? "join" : "leave") +
                   "\",\"user\":" + session::jsonString(session.user.userName) +
                   ",\"character\":" + session::jsonString(session.character.name) + "}";
  bus_.publishFamily(std::move(event), session::kFamilyRoom, room);
}

void Broadcaster::listenerJoined(session::Attachment& attachment) {
  if (contains(listeners_, &attachment)) return;
  listeners_.push_back(&attachment);
  bus_.listeners.fetch_add(1, std::memory_order_relaxed);
}

void Broadcaster::listenerLeft(session::Attachment& attachment) {
  if (std::erase(listeners_, &attachment) > 0) bus_.listeners.fetch_sub(1, std::memory_order_relaxed);
}

// --- presence ---------------------------------------------------------------------------------------

void Broadcaster::presenceChanged(session::PresenceChange change) {
  if (change.userId.empty()) return;
  if (pendingPresence_.empty()) loop_.atTurnEnd([this] { flushPresence(); });
  const std::string user = change.userId;
  pendingPresence_[user] = std::move(change);
}

void Broadcaster::flushPresence() {
  for (const auto& [user, change] : std::exchange(pendingPresence_, {})) bus_.publishPresence(change);
}

void Broadcaster::tick(int64_t nowUs) {
  plugin::Event event;
  event.delivery = plugin::Delivery::kDrop;
  event.kind = plugin::EventKind::kData;
  event.name = "tick";
  event.dataJson = "{\"at\":\"" + formatUtc(nowUs) + "\"}";
  bus_.publishFamily(std::move(event), session::kFamilyTick, {});
}

std::string Broadcaster::snapshotJson(const session::Session* session) const {
  const std::string room = session && !session->rooms.empty() ? session->rooms.front() : std::string();
  Snapshot& snapshot = snapshots_[room];
  if (snapshot.madeNs == 0 || loop_.nowNs() - snapshot.madeNs > kSnapshotNs) {
    std::string members;
    size_t shown = 0;
    if (const auto it = rooms_.find(room); it != rooms_.end()) {
      for (const session::Session* member : it->second) {
        if (shown++ >= kMaxMembersShown) break;
        members += (members.empty() ? "" : ",");
        members += "{\"user\":" + session::jsonString(member->user.userName) +
                   ",\"character\":" + session::jsonString(member->character.name) + "}";
      }
    }
    snapshot.madeNs = loop_.nowNs();
    snapshot.json = "{\"presence\":{\"count\":" + std::to_string(users_.size()) + ",\"members\":[" + members +
                    "]},\"health\":" + healthJson_ + ",\"stateVersion\":" + std::to_string(version_) + "}";
  }
  return snapshot.json;
}

std::string Broadcaster::roomsJson(const session::Session& session) const {
  std::string out = "{\"rooms\":[";
  bool first = true;
  for (const auto& [name, members] : bus_.rooms()) {
    out += (first ? "" : ",") + std::string("{\"name\":") + session::jsonString(name) +
           ",\"members\":" + std::to_string(members) + "}";
    first = false;
  }
  out += "],\"joined\":[";
  for (size_t i = 0; i < session.rooms.size(); ++i) out += (i ? "," : "") + session::jsonString(session.rooms[i]);
  return out + "]}";
}

}  // namespace gw::broadcast
