// Gateway: what is durable, from the state directory's lock to the sessions of the last run.

#include <sys/stat.h>

#include <filesystem>
#include <latch>
#include <stdexcept>

#include "base/crypto.h"
#include "base/log.h"
#include "gateway_parts.h"
#include "gateway_refuse.h"
#include "gateway_specs.h"
#include "session/caller.h"
#include "session/journal_recovery.h"

namespace gw {
namespace {

constexpr size_t kStoreQueue = 100'000;
constexpr uint64_t kCheckpointBytes = 16 << 20;

// The gateway's name is made once and kept with the sessions that carry it.
std::string gatewayName(store::SessionStore& store, const std::string& configured) {
  if (!configured.empty()) return configured;
  if (auto known = orRefuse(store.getSetting("gatewayId"))) return std::move(*known);
  std::string made = "gw-" + randomToken(8);
  if (auto kept = store.putSetting("gatewayId", made); !kept) refuse(kept.error().message);
  return made;
}

void loadBans(store::SessionStore& store, int64_t nowUs, session::Admission& admission) {
  std::vector<std::string> addresses, users;
  for (const store::BanRecord& ban : orRefuse(store.listBans(nowUs)))
    (ban.kind == "address" ? addresses : users).push_back(ban.value);
  admission.setBannedAddresses(addresses);
  admission.setBannedUsers(std::move(users));
}

// What a crash left in the journal belongs into the sessions' rows.
void recoverJournal(store::SessionStore& store, const std::string& gatewayId, const std::string& place) {
  const auto recovered = session::recoverJournal(store, gatewayId);
  if (!recovered)
    refuse(place + ": the journal of the last run cannot be put into its sessions: " + recovered.error().message);
  if (recovered->commits > 0)
    log::info("gateway", "recovered from the journal",
              {{"commits", recovered->commits}, {"sessions", recovered->sessions}, {"events", recovered->events}});
}

}  // namespace

// The state directory belongs to one running gateway: a lock, not a pid file, says so.
void Gateway::openState() {
  std::error_code problem;
  std::filesystem::create_directories(config_.stateDir, problem);
  if (problem) refuse(config_.stateDir + ": cannot make the state directory: " + problem.message());
  ::chmod(config_.stateDir.c_str(), 0700);
  auto lock = FileLock::take(path("gateway.lock"));
  if (!lock && lock.error().code == ErrorCode::kConflict)
    refuse(config_.stateDir + ": another gwhost (" + lock.error().message +
           ") uses this state directory; stop it (gwctl shutdown) or give this one a stateDir of its own");
  parts_->stateLock = orRefuse(std::move(lock));
}

// Everything that must be settled before anybody is let in. The sessions that were in the last run's memory.
std::vector<SessionId> Gateway::startStore() {
  Parts& parts = *parts_;
  parts.storeFactory = storeFactory(config_);
  parts.storeCare = storeCare(config_);
  parts.careThread.start();
  parts.services.backendName = config_.backend.mode == "link" ? config_.backend.name : "lobby";
  std::string& gatewayId = parts.services.gatewayId;
  gatewayId = gatewayName(*orRefuse(parts.storeFactory->open()), config_.gatewayId);
  if (auto claimed = parts.storeFactory->claim(gatewayId); !claimed) refuse(claimed.error().message);

  const auto store = orRefuse(parts.storeFactory->open());
  loadBans(*store, parts.clock.wallUs(), parts.admission);
  recoverJournal(*store, gatewayId, storePlace(config_));
  parts.store = orRefuse(store::StoreWorkers::start(*parts.storeFactory, config_.storeWorkers, kStoreQueue));
  parts.services.store = parts.store.get();
  if (config_.durability == "strict") startJournal();
  return presentSessions(*store);
}

void Gateway::startJournal() {
  Parts& parts = *parts_;
  parts.journal = std::make_unique<session::Journal>(*parts.store, parts.services.gatewayId, kCheckpointBytes);
  parts.services.journal = parts.journal.get();
  parts.services.onHealthChange = [&parts] {
    if (auto* health = parts.healthToPoke.load()) health->poke();
  };
  parts.services.outage = {config_.onOutage == "relax", config_.relaxAfterMs};
}

std::vector<SessionId> Gateway::presentSessions(store::SessionStore& store) const {
  std::vector<SessionId> present;
  for (const store::SessionRecord& row : orRefuse(store.listSessions(config_.limits.sessions))) {
    const bool isOver = row.expiresAt != 0 && row.expiresAt <= parts_->clock.wallUs();
    const bool isOurs = row.gatewayId == parts_->services.gatewayId && row.backend == parts_->services.backendName;
    if (!isOver && isOurs && session::SessionManager::wasPresent(row)) present.push_back(row.id);
  }
  return present;
}

// Whoever was here when the last run ended hears what is said from now on, as if only their connection had
// been lost. Their queued commands follow once all are back, so that nobody misses what they say.
void Gateway::restoreSessions(const std::vector<SessionId>& present) {
  if (present.empty()) return;
  Parts& parts = *parts_;
  std::vector<std::vector<SessionId>> byLoop(parts.managers.size());
  for (const SessionId& id : present) byLoop[homeLoop(id, byLoop.size())].push_back(id);
  const auto startedNs = parts.clock.nowNs();
  parts.services.restoring = true;
  const auto restored = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(byLoop.size()));
  for (size_t i = 0; i < byLoop.size(); ++i) {
    session::SessionManager& manager = *parts.managers[i];
    manager.loop().post([&manager, restored, sessions = std::move(byLoop[i])]() mutable {
      manager.restore(std::move(sessions), [restored] { restored->count_down(); });
    });
  }
  restored->wait();
  parts.services.restoring = false;
  for (const auto& manager : parts.managers)
    manager->loop().post([&manager = *manager] { manager.giveQueuedCommands(); });
  log::info(
      "gateway", "sessions of the last run are back",
      {{"sessions", static_cast<uint64_t>(present.size())}, {"ms", (parts.clock.nowNs() - startedNs) / 1'000'000}});
}

std::string Gateway::migrateStore() {
  openState();
  static_cast<void>(orRefuse(storeFactory(config_)->open()));
  const auto facts = orRefuse(storeCare(config_)->facts());
  return "{\"driver\":" + session::jsonString(config_.storeDriver) +
         ",\"place\":" + session::jsonString(storePlace(config_)) +
         ",\"schemaVersion\":" + std::to_string(facts.schemaVersion) + "}";
}

}  // namespace gw
