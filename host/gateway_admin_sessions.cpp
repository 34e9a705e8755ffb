// Sessions and connections: listed, shown, written to, disconnected and closed by operators.

#include <algorithm>

#include "base/log.h"
#include "gateway_admin_ask.h"
#include "gateway_admin_views.h"
#include "session/text/sanitize.h"

namespace gw {

Result<admin::Listing<admin::SessionSnapshot>> GatewayAdmin::sessions(const admin::SessionQuery& query) {
  const auto matches = [query](const admin::SessionSnapshot& session) {
    return (query.state.empty() || session.state == query.state) &&
           (query.user.empty() || session.userName == query.user || session.userId == query.user) &&
           (query.protocol.empty() || session.protocol == query.protocol);
  };
  auto listing =
      fromLoops<admin::SessionSnapshot>(query.limit, [matches](session::SessionManager& manager, size_t limit) {
        std::vector<admin::SessionSnapshot> out;
        manager.forEachSession([&](session::Session& session) {
          if (out.size() >= limit) return;
          auto item = views::ofSession(manager, session, false);
          if (matches(item)) out.push_back(std::move(item));
        });
        return out;
      });
  if (listing.items.size() >= query.limit) return listing;
  auto stored = std::make_shared<std::vector<store::SessionRecord>>();
  const auto asked = inStore([stored, most = query.limit](store::SessionStore& store) -> Result<void> {
    auto list = store.listSessions(most);
    if (!list) return list.error();
    *stored = std::move(*list);
    return {};
  });
  if (!asked) return listing;  // the store's part is missing while it is down; what is in memory counts
  const int64_t now = gateway_.parts_->clock.wallUs();
  for (const auto& record : *stored) {
    auto item = views::ofStored(record);
    const bool isLive =
        std::any_of(listing.items.begin(), listing.items.end(), [&](const auto& live) { return live.id == item.id; });
    // Only rows that their host has let go of: others are in memory, perhaps beyond the filter.
    if (!isLive && record.cleanStop && record.expiresAt > now && matches(item) && listing.items.size() < query.limit)
      listing.items.push_back(std::move(item));
  }
  return listing;
}

Result<admin::SessionSnapshot> GatewayAdmin::session(const std::string& id) {
  auto out = std::make_shared<admin::SessionSnapshot>();
  const auto done = onSession(id, [out](session::SessionManager& manager, session::Session& session) {
    *out = views::ofSession(manager, session, true);
  });
  if (!done) return done.error();
  return *out;
}

Result<void> GatewayAdmin::sendToSession(const std::string& id, const std::string& text) {
  plugin::Event event;
  event.text = session::sanitizeInput(text);
  event.dataJson = "\"system\":true";
  auto shared = std::make_shared<const plugin::Event>(std::move(event));
  return onSession(id, [shared](session::SessionManager& manager, session::Session& session) {
    manager.output(session.id(), shared);
  });
}

Result<void> GatewayAdmin::disconnectSession(const std::string& id, const admin::CloseRequest& request) {
  return onSession(
      id, [text = session::sanitizeInput(request.reason)](session::SessionManager& manager, session::Session& session) {
        manager.dropConnections(session, GW_CLOSE_SHUTDOWN, text.empty() ? "Disconnected by an operator." : text);
      });
}

Result<void> GatewayAdmin::closeSession(const std::string& id, const admin::CloseRequest& request) {
  return onSession(
      id, [text = session::sanitizeInput(request.reason)](session::SessionManager& manager, session::Session& session) {
        manager.close(session, GW_CLOSE_POLICY, text.empty() ? "Closed by an operator." : text);
      });
}

Result<admin::Listing<admin::ConnectionSnapshot>> GatewayAdmin::connections(const admin::ConnectionQuery& query) {
  return fromLoops<admin::ConnectionSnapshot>(query.limit, [query](session::SessionManager& manager, size_t limit) {
    std::vector<admin::ConnectionSnapshot> out;
    manager.streams().forEach([&](plugin::Stream& stream) {
      if (out.size() >= limit) return;
      auto item = views::ofConnection(manager, stream);
      if ((query.account.empty() || item.account == query.account) &&
          (query.session.empty() || item.sessionId == query.session))
        out.push_back(std::move(item));
    });
    return out;
  });
}

Result<admin::ConnectionSnapshot> GatewayAdmin::connection(const std::string& id) {
  const auto all = connections({"", "", 1'000'000});
  if (!all) return all.error();
  for (const auto& item : all->items)
    if (item.id == id) return item;
  return fail(ErrorCode::kNotFound, "there is no connection " + log::quoted(id));
}

Result<void> GatewayAdmin::closeConnection(const std::string& id, const admin::CloseRequest& request) {
  const auto found = connection(id);
  if (!found) return found.error();
  session::SessionManager& manager = *gateway_.parts_->managers[static_cast<size_t>(found->loop)];
  auto outcome = std::make_shared<Awaited<Result<void>>>();
  manager.loop().post([outcome, &manager, id, text = session::sanitizeInput(request.reason)] {
    plugin::Stream* stream = manager.streams().find(std::strtoull(id.c_str() + 1, nullptr, 10));
    if (!stream) return outcome->set(fail(ErrorCode::kNotFound, "the connection has just ended"));
    stream->beginClose({GW_CLOSE_SHUTDOWN, text.empty() ? "Closed by an operator." : text, true, 0, 2000});
    outcome->set({});
  });
  auto result = outcome->wait();
  return result ? *result : Result<void>(fail(ErrorCode::kTimeout, "the connection's loop did not answer within 2 s"));
}

}  // namespace gw
