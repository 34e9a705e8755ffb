#include "gw/backend/transaction.hpp"

#include <stdexcept>

#include "gw/backend/database.hpp"
#include "json_text.h"
#include "ledger.h"
#include "stage.h"

namespace gw::backend {
namespace {

// Room for the name of the event, n and the brackets of an array.
constexpr size_t kMaxPayload = kMaxMessage - 128;

std::string ofSession(std::string_view session, size_t more = 0) {
  std::string payload;
  payload.reserve(session.size() + more + 64);
  payload += R"({"session":)";
  appendJsonString(payload, session);
  return payload;
}

void appendDelivery(std::string& payload, const Delivery& delivery) {
  if (!delivery.name().empty()) appendMember(payload, "delivery", delivery.name());
}

void appendList(std::string& payload, std::string_view name, const std::vector<std::string>& list) {
  if (list.empty()) return;
  appendRawMember(payload, name, "[");
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) payload += ',';
    appendJsonString(payload, list[i]);
  }
  payload += ']';
}

std::string roomPayload(std::string_view session, std::string_view room) {
  std::string payload = ofSession(session);
  appendMember(payload, "room", room);
  return payload + "}";
}

}  // namespace

Stage& stageOf(Transaction& transaction) { return transaction.stage_; }

Poco::Data::Session& database(Transaction& transaction) { return stageOf(transaction).database; }

void Stage::add(std::string_view session, FrameKind kind, std::string payload, bool isCounted) {
  if (payload.size() > kMaxPayload) throw std::length_error(std::string(nameOf(kind)) + ": over 64 KiB");
  if (isCounted && room) takeRoom(session);
  frames.push_back({std::string(session), kind, isCounted, std::move(payload)});
}

void Stage::takeRoom(std::string_view session) {
  if (!session.empty() && ledger.find(session) == nullptr) return;  // it is over: nothing will be kept
  if (*room == 0) {
    isOverfull = true;
    throw OutboxFull();
  }
  --*room;
}

void Transaction::output(std::string_view session, const Output& output, const Delivery& delivery) {
  std::string payload = ofSession(session, output.json().size());
  appendRawMember(payload, "output", output.json());
  appendDelivery(payload, delivery);
  payload += '}';
  stage_.add(session, FrameKind::kOutput, std::move(payload), delivery.isCounted());
}

void Transaction::prompt(std::string_view session, std::string_view text, bool echo) {
  std::string payload = ofSession(session);
  appendMember(payload, "text", text);
  if (!echo) appendRawMember(payload, "echo", "false");
  stage_.add(session, FrameKind::kPrompt, payload + "}", true);
}

void Transaction::entityChanged(std::string_view session, std::string_view updateType, std::string_view data) {
  std::string payload = ofSession(session);
  appendMember(payload, "updateType", updateType);
  appendRawMember(payload, "data", checkedJson(data));
  stage_.add(session, FrameKind::kEntityChanged, payload + "}", true);
}

void Transaction::setPlain(std::string_view session, bool isPlain) {
  std::string payload = ofSession(session);
  appendRawMember(payload, "plain", isPlain ? "true" : "false");
  stage_.add(session, FrameKind::kPlain, payload + "}", true);
}

void Transaction::disconnect(std::string_view session, std::string_view reason, std::string_view text) {
  std::string payload = ofSession(session);
  if (!reason.empty()) appendMember(payload, "reason", reason);
  if (!text.empty()) appendMember(payload, "text", text);
  stage_.add(session, FrameKind::kDisconnect, payload + "}", true);
}

void Transaction::join(std::string_view session, std::string_view room) {
  stage_.add(session, FrameKind::kJoin, roomPayload(session, room), true);
}

void Transaction::leave(std::string_view session, std::string_view room) {
  stage_.add(session, FrameKind::kLeave, roomPayload(session, room), true);
}

void Transaction::roomOutput(std::string_view room, const Output& output, const std::vector<std::string>& exclude,
                             const Delivery& delivery) {
  std::string payload = "{";
  appendMember(payload, "room", room);
  appendRawMember(payload, "output", output.json());
  appendDelivery(payload, delivery);
  appendList(payload, "exclude", exclude);
  stage_.add({}, FrameKind::kRoomOutput, payload + "}", delivery.isCounted());
}

void Transaction::broadcast(const Broadcast& broadcast, const Delivery& delivery) {
  std::string payload = "{";
  if (!broadcast.event.empty()) appendMember(payload, "event", broadcast.event);
  if (broadcast.output) {
    appendRawMember(payload, "output", broadcast.output->json());
  } else {
    appendRawMember(payload, "payload", checkedJson(broadcast.payload));
  }
  appendDelivery(payload, delivery);
  std::string filter = "{";
  appendList(filter, "rooms", broadcast.rooms);
  appendList(filter, "sessions", broadcast.sessions);
  appendList(filter, "exclude", broadcast.exclude);
  if (filter.size() > 1) appendRawMember(payload, "filter", filter + "}");
  stage_.add({}, FrameKind::kBroadcast, payload + "}", delivery.isCounted());
}

void Transaction::getSession(std::string_view session, OnReport then) {
  stage_.requests.push_back({"session.get", ofSession(session) + "}", std::move(then)});
}

void Transaction::afterCommit(std::function<void()> then) { stage_.afterCommit.push_back(std::move(then)); }

std::vector<const Session*> Transaction::sessions() const { return stage_.ledger.sessions(); }

const Session* Transaction::find(std::string_view session) const {
  const Account* account = session.empty() ? nullptr : stage_.ledger.find(session);
  return account == nullptr ? nullptr : &account->session;
}

}  // namespace gw::backend
