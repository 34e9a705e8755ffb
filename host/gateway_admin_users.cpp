// Users, bans and API tokens, as operators manage them.

#include <strings.h>

#include <algorithm>

#include "backend/lobby/guest_names.h"
#include "backend/lobby/names.h"
#include "backend/lobby/settings.h"
#include "base/address_block.h"
#include "base/crypto.h"
#include "base/log.h"
#include "gateway_admin_ask.h"
#include "session/text/sanitize.h"

namespace gw {
namespace {

constexpr size_t kAllSessions = 1'000'000;

admin::UserSnapshot snapshotOf(const store::UserRecord& user) {
  const int64_t mutedUntilUs = lobby::parseSettings(user.settings, 0).mutedUntilUs;
  return {user.id, user.name, user.createdAt, user.lastLoginAt, user.locked, 0, mutedUntilUs};
}

/// A ban may name a user who is not here (yet), by name or by id.
Result<void> revokeAccountTokens(store::SessionStore& store, const std::string& nameOrId) {
  auto user = store.findUser(lobby::userKey(nameOrId));
  if (user && !*user) user = store.findUserById(nameOrId);
  if (!user) return user.error();
  return *user ? store.deleteAccountTokensOf((*user)->id) : Result<void>();
}

}  // namespace

Result<admin::Listing<admin::UserSnapshot>> GatewayAdmin::users(size_t limit) {
  auto found = std::make_shared<std::vector<store::UserRecord>>();
  const auto asked = inStore([found, limit](store::SessionStore& store) -> Result<void> {
    auto list = store.listUsers(limit + 1);
    if (!list) return list.error();
    *found = std::move(*list);
    return {};
  });
  if (!asked) return asked.error();
  admin::Listing<admin::UserSnapshot> out;
  const auto live = sessions({"", "", "", 100'000});
  for (const auto& user : *found) {
    admin::UserSnapshot item = snapshotOf(user);
    if (live)
      item.sessions = static_cast<uint64_t>(std::count_if(
          live->items.begin(), live->items.end(), [&](const auto& session) { return session.userId == user.id; }));
    out.items.push_back(std::move(item));
  }
  out.truncated = out.items.size() > limit;
  if (out.truncated) out.items.resize(limit);
  return out;
}

Result<store::UserRecord> GatewayAdmin::withUser(
    const std::string& nameOrId, std::function<Result<void>(store::SessionStore&, store::UserRecord&)> change) {
  auto found = std::make_shared<store::UserRecord>();
  const auto done = inStore([found, nameOrId, change = std::move(change)](store::SessionStore& store) -> Result<void> {
    auto user = store.findUser(lobby::userKey(nameOrId));
    if (user && !*user) user = store.findUserById(nameOrId);
    if (!user) return user.error();
    if (!*user) return fail(ErrorCode::kNotFound, "there is no user " + log::quoted(nameOrId));
    *found = **user;
    return change(store, *found);
  });
  if (!done) return done.error();
  return *found;
}

Result<admin::UserSnapshot> GatewayAdmin::lockUser(const std::string& nameOrId, const admin::CloseRequest& request) {
  const auto user = withUser(nameOrId, [](store::SessionStore& store, store::UserRecord& record) -> Result<void> {
    record.locked = true;
    if (auto updated = store.updateUser(record); !updated) return updated;
    return store.deleteAccountTokensOf(record.id);
  });
  if (!user) return user.error();
  const std::string text = session::sanitizeInput(request.reason);
  endSessions([id = user->id](const Visitor& visitor) { return visitor.userId == id; },
              text.empty() ? "This account is locked." : text);
  return snapshotOf(*user);
}

Result<admin::UserSnapshot> GatewayAdmin::unlockUser(const std::string& nameOrId) {
  const auto user = withUser(nameOrId, [](store::SessionStore& store, store::UserRecord& record) {
    record.locked = false;
    return store.updateUser(record);
  });
  if (!user) return user.error();
  return snapshotOf(*user);
}

Result<admin::UserSnapshot> GatewayAdmin::muteUser(const std::string& nameOrId, int64_t untilAt) {
  const auto user = withUser(nameOrId, [](store::SessionStore&, store::UserRecord&) -> Result<void> { return {}; });
  const bool mayBeGuest = !user && user.error().code == ErrorCode::kNotFound;
  Result<admin::UserSnapshot> muted = user ? snapshotOf(*user) : mayBeGuest ? findGuest(nameOrId) : user.error();
  if (!muted) return muted;
  if (gateway_.parts_->lobby) gateway_.parts_->lobby->mute(muted->id, untilAt);
  muted->mutedUntilAt = untilAt;
  return muted;
}

// Guests are nowhere but in their sessions.
Result<admin::UserSnapshot> GatewayAdmin::findGuest(const std::string& nameOrId) {
  const auto live = sessions({"", "", "", 100'000});
  if (!live) return live.error();
  for (const auto& session : live->items) {
    const bool isNamed = session.userId == nameOrId || strcasecmp(session.userName.c_str(), nameOrId.c_str()) == 0;
    if (!isNamed || !lobby::isGuestId(session.userId)) continue;
    return admin::UserSnapshot{session.userId, session.userName, session.createdAt, session.createdAt, false, 1, 0};
  }
  return fail(ErrorCode::kNotFound, "there is no user " + log::quoted(nameOrId));
}

Result<store::BanRecord> GatewayAdmin::addBan(const store::BanRecord& wanted) {
  store::BanRecord ban = wanted;
  ban.id = "b-" + randomToken(8);
  ban.createdAt = gateway_.parts_->clock.wallUs();
  const auto block = AddressBlock::parse(ban.value);
  if (ban.kind == "address" && !block)
    return fail(ErrorCode::kInvalid,
                log::quoted(ban.value) + " is neither an address nor a block such as 203.0.113.0/24");
  const auto done = inStore([ban](store::SessionStore& store) -> Result<void> {
    if (auto added = store.addBan(ban); !added) return added;
    return ban.kind == "user" ? revokeAccountTokens(store, ban.value) : Result<void>();
  });
  if (!done) return done.error();
  refreshBans();
  endSessions(
      [ban, block](const Visitor& visitor) {
        if (ban.kind == "address") return block->contains(visitor.address);
        return visitor.userId == ban.value || strcasecmp(visitor.userName.c_str(), ban.value.c_str()) == 0;
      },
      "You are banned.");
  return ban;
}

Result<std::vector<store::BanRecord>> GatewayAdmin::bans() {
  auto found = std::make_shared<std::vector<store::BanRecord>>();
  const auto done = inStore([found, now = gateway_.parts_->clock.wallUs()](store::SessionStore& store) -> Result<void> {
    auto list = store.listBans(now);
    if (!list) return list.error();
    *found = std::move(*list);
    return {};
  });
  if (!done) return done.error();
  return *found;
}

Result<void> GatewayAdmin::removeBan(const std::string& id) {
  const auto done = inStore([id](store::SessionStore& store) -> Result<void> {
    auto removed = store.deleteBan(id);
    if (!removed) return removed.error();
    return *removed ? Result<void>() : Result<void>(fail(ErrorCode::kNotFound, "there is no ban " + log::quoted(id)));
  });
  if (done) refreshBans();
  return done;
}

void GatewayAdmin::refreshBans() {
  const auto list = bans();
  if (!list) return;
  std::vector<std::string> blocks, users;
  for (const auto& ban : *list) (ban.kind == "address" ? blocks : users).push_back(ban.value);
  gateway_.parts_->admission.setBannedAddresses(blocks);
  gateway_.parts_->admission.setBannedUsers(std::move(users));
}

void GatewayAdmin::endSessions(std::function<bool(const Visitor&)> covers, const std::string& text) {
  for (const auto& manager : gateway_.parts_->managers) {
    manager->loop().post([covers, text, &manager = *manager] {
      std::vector<session::Session*> covered;
      manager.forEachSession([&](session::Session& session) {
        if (covers({session.user.userId, session.user.userName, session.clientAddress})) covered.push_back(&session);
      });
      for (session::Session* session : covered) manager.close(*session, GW_CLOSE_POLICY, text);
    });
  }
  // Those that have left memory: taken back, so that no client resumes one meanwhile, and ended too.
  auto stored = std::make_shared<std::vector<SessionId>>();
  const auto listed = inStore([stored, covers](store::SessionStore& store) -> Result<void> {
    const auto all = store.listSessions(kAllSessions);
    if (!all) return all.error();
    for (const auto& record : *all)
      if (covers({record.userId, record.userName, record.clientAddress})) stored->push_back(record.id);
    return {};
  });
  if (!listed) return log::error("admin", "stored sessions could not be ended", {{"error", listed.error().message}});
  const auto& managers = gateway_.parts_->managers;
  for (const SessionId& id : *stored) {
    session::SessionManager& home = *managers[homeLoop(id, managers.size())];
    home.loop().post([&home, id, text] {
      home.load(id, [&home, text](const Result<session::Session*>& session) {
        if (session && *session) home.close(**session, GW_CLOSE_POLICY, text);
      });
    });
  }
}

Result<void> GatewayAdmin::addApiToken(const store::ApiTokenRecord& token) {
  return inStore([token](store::SessionStore& store) { return store.addApiToken(token); });
}

Result<std::vector<store::ApiTokenRecord>> GatewayAdmin::apiTokens() {
  auto found = std::make_shared<std::vector<store::ApiTokenRecord>>();
  const auto done = inStore([found](store::SessionStore& store) -> Result<void> {
    auto list = store.listApiTokens();
    if (!list) return list.error();
    *found = std::move(*list);
    return {};
  });
  if (!done) return done.error();
  return *found;
}

Result<void> GatewayAdmin::removeApiToken(const std::string& id) {
  return inStore([id](store::SessionStore& store) -> Result<void> {
    auto removed = store.deleteApiToken(id);
    if (!removed) return removed.error();
    return *removed ? Result<void>() : Result<void>(fail(ErrorCode::kNotFound, "there is no token " + log::quoted(id)));
  });
}

}  // namespace gw
