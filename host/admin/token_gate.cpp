#include "admin/token_gate.h"

#include <algorithm>

#include "admin/gateway_port.h"
#include "base/crypto.h"
#include "base/log.h"

namespace gw::admin {
namespace {

constexpr std::string_view kPrefix = "gwt_";

}  // namespace

Result<TokenGate::Holder> TokenGate::check(const std::string& header, const std::string& address) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view secret =
      header.starts_with(kScheme) ? std::string_view(header).substr(kScheme.size()) : std::string_view();
  const std::string hash = sha256Hex(secret);
  const std::lock_guard lock(mutex_);
  if (auto fresh = refresh(false); !fresh) return fresh.error();
  // All of them, always: the time tells nothing about which one nearly matched.
  const store::ApiTokenRecord* match = nullptr;
  for (const auto& token : tokens_) {
    if (constantTimeEqual(token.hash, hash)) match = &token;
  }
  if (match == nullptr) return noteWrong(address);
  lastUsed_[match->id] = clock_.wallUs();
  return Holder{parseRole(match->role).value_or(Role::kNone), match->name};
}

Error TokenGate::noteWrong(const std::string& address) {
  if (const auto retryAfterMs = wrong_.note(address)) {
    Error error = fail(ErrorCode::kRateLimited, "too many wrong tokens from this address");
    error.retryAfterMs = *retryAfterMs;
    return error;
  }
  log::warn("admin", "a wrong API token was refused", {{"address", address}});
  return fail(ErrorCode::kUnauthorized, "a valid API token is required");
}

Result<void> TokenGate::refresh(bool force) {
  const uint64_t now = clock_.nowNs();
  if (!force && isFresh_ && now - refreshedNs_ < kCacheNs) return {};
  auto tokens = port_.apiTokens();
  if (!tokens) return tokens.error();
  tokens_ = std::move(*tokens);
  std::erase_if(lastUsed_, [&](const auto& entry) {
    return std::none_of(tokens_.begin(), tokens_.end(), [&](const auto& token) { return token.id == entry.first; });
  });
  refreshedNs_ = now;
  isFresh_ = true;
  return {};
}

Result<NewToken> TokenGate::create(const std::string& name, Role role) {
  const std::lock_guard lock(mutex_);
  if (auto fresh = refresh(true); !fresh) return fresh.error();
  if (tokens_.size() >= kMostTokens) return fail(ErrorCode::kConflict, "there are 256 API tokens; revoke some first");
  if (std::any_of(tokens_.begin(), tokens_.end(), [&](const auto& token) { return token.name == name; })) {
    return fail(ErrorCode::kConflict, "there is an API token named \"" + name + "\"", "nameTaken");
  }
  NewToken created;
  created.secret = std::string(kPrefix) + randomToken(43);
  created.record.id = "tok_" + randomToken(8);
  created.record.hash = sha256Hex(created.secret);
  created.record.name = name;
  created.record.role = toString(role);
  created.record.createdAt = clock_.wallUs();
  if (auto added = port_.addApiToken(created.record); !added) return added.error();
  tokens_.push_back(created.record);
  return created;
}

Result<void> TokenGate::revoke(const std::string& nameOrId) {
  const std::lock_guard lock(mutex_);
  if (auto fresh = refresh(true); !fresh) return fresh.error();
  const auto it = std::find_if(tokens_.begin(), tokens_.end(),
                               [&](const auto& token) { return token.id == nameOrId || token.name == nameOrId; });
  if (it == tokens_.end()) return fail(ErrorCode::kNotFound, "there is no API token \"" + nameOrId + "\"");
  if (auto removed = port_.removeApiToken(it->id); !removed) return removed.error();
  lastUsed_.erase(it->id);
  tokens_.erase(it);
  return {};
}

Result<std::vector<store::ApiTokenRecord>> TokenGate::list() {
  const std::lock_guard lock(mutex_);
  if (auto fresh = refresh(true); !fresh) return fresh.error();
  std::vector<store::ApiTokenRecord> tokens = tokens_;
  for (auto& token : tokens) {
    const auto used = lastUsed_.find(token.id);
    if (used != lastUsed_.end()) token.lastUsedAt = std::max(token.lastUsedAt, used->second);
  }
  return tokens;
}

}  // namespace gw::admin
