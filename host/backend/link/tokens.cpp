#include "backend/link/tokens.h"

#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/words.h"
#include "store/session_store.h"

namespace gw::link {
namespace {

using Json = nlohmann::json;

constexpr const char* kSetting = "backendTokens";
constexpr std::string_view kPrefix = "gwb_";

Result<void> write(store::SessionStore& store, const std::vector<BackendToken>& tokens) {
  Json json = Json::array();
  for (const BackendToken& token : tokens)
    json.push_back({{"name", token.name},
                    {"hash", token.hash},
                    {"broadcast", token.grant.mayBroadcast},
                    {"rawTerminal", token.grant.mayUseRawTerminal},
                    {"createdAt", token.createdAtUs}});
  return store.putSetting(kSetting, json.dump());
}

}  // namespace

Result<std::vector<BackendToken>> readTokens(store::SessionStore& store) {
  const auto setting = store.getSetting(kSetting);
  if (!setting) return setting.error();
  std::vector<BackendToken> out;
  if (!*setting) return out;
  const Json json = Json::parse(**setting, nullptr, false);
  if (!json.is_array()) return fail(ErrorCode::kInternal, "the store's backend tokens are damaged");
  for (const Json& token : json)
    out.push_back({token.value("name", ""),
                   token.value("hash", ""),
                   {token.value("broadcast", false), token.value("rawTerminal", false)},
                   token.value("createdAt", int64_t{0})});
  return out;
}

Result<std::string> createToken(store::SessionStore& store, const std::string& name, const LinkGrant& grant,
                                int64_t nowUs) {
  if (!isWord(name, 64, "_-."))
    return fail(ErrorCode::kInvalid, "expected a backend's name, 1 to 64 of A-Z a-z 0-9 _ - .");
  auto tokens = readTokens(store);
  if (!tokens) return tokens.error();
  std::erase_if(*tokens, [&](const BackendToken& token) { return token.name == name; });
  if (tokens->size() >= kMaxTokens) return fail(ErrorCode::kConflict, "there are 64 backend tokens; revoke some first");
  std::string secret = std::string(kPrefix) + randomToken(43);
  tokens->push_back({name, sha256Hex(secret), grant, nowUs});
  if (auto written = write(store, *tokens); !written) return written.error();
  return secret;
}

Result<void> revokeToken(store::SessionStore& store, const std::string& name) {
  auto tokens = readTokens(store);
  if (!tokens) return tokens.error();
  if (std::erase_if(*tokens, [&](const BackendToken& token) { return token.name == name; }) == 0)
    return fail(ErrorCode::kNotFound, "there is no token for the backend \"" + name + "\"");
  return write(store, *tokens);
}

const BackendToken* matching(const std::vector<BackendToken>& tokens, std::string_view name, std::string_view secret) {
  const std::string hash = sha256Hex(secret);
  const BackendToken* match = nullptr;
  for (const BackendToken& token : tokens) {
    const bool isIt = constantTimeEqual(token.hash, hash);
    if (isIt && token.name == name) match = &token;
  }
  return match;
}

}  // namespace gw::link
