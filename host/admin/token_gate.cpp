#include "admin/token_gate.h"

#include <algorithm>

#include "admin/gateway_port.h"
#include "base/crypto.h"
#include "base/log.h"

namespace gw::admin {
namespace {

constexpr uint64_t kMinuteNs = 60'000'000'000;
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
  const uint64_t now = clock_.nowNs();
  makeRoom(now);
  Wrong& wrong = wrong_[address];
  if (now - wrong.windowStartNs >= kMinuteNs) wrong = {now, 0};
  if (wrong.count >= kWrongPerMinute) {
    Error error = fail(ErrorCode::kRateLimited, "too many wrong tokens from this address");
    error.retryAfterMs = static_cast<long long>((kMinuteNs - (now - wrong.windowStartNs)) / 1'000'000);
    return error;
  }
  ++wrong.count;
  log::warn("admin", "a wrong API token was refused", {{"address", address}});
  return fail(ErrorCode::kUnauthorized, "a valid API token is required");
}

void TokenGate::makeRoom(uint64_t nowNs) {
  if (wrong_.size() < kMostAddresses) return;
  std::erase_if(wrong_, [&](const auto& entry) { return nowNs - entry.second.windowStartNs >= kMinuteNs; });
  if (wrong_.size() < kMostAddresses) return;
  // All within the last minute: the oldest goes, its count starts again.
  wrong_.erase(std::min_element(wrong_.begin(), wrong_.end(), [](const auto& a, const auto& b) {
    return a.second.windowStartNs < b.second.windowStartNs;
  }));
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
