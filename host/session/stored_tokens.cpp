#include "session/stored_tokens.h"

#include "session/session.h"

namespace gw::session {

std::vector<store::TokenRecord> tokenRecords(const Session& session, const Lineage& lineage) {
  std::vector<store::TokenRecord> out;
  const auto add = [&](const Hash& hash, const Hash& attempt, const Hash& successor, int64_t confirmedAt) {
    if (isEmpty(hash)) return;
    out.push_back({toHex(hash), "reconnect", session.id(), std::to_string(lineage.id), lineage.device, toHex(attempt),
                   toHex(successor), confirmedAt, lineage.tokens.expiresAtUs()});
  };
  const TokenChain& chain = lineage.tokens;
  add(chain.current(), chain.attempt(), chain.successor(), 0);
  add(chain.successor(), {}, {}, 0);
  add(chain.retired(), {}, {}, 1);  // confirmed: its use is theft
  return out;
}

void restoreTokens(Session& session, const std::vector<store::TokenRecord>& tokens) {
  for (Lineage& lineage : session.lineages()) {
    Hash current{}, attempt{}, successor{}, retired{};
    int64_t expiresAt = 0;
    const std::string name = std::to_string(lineage.id);
    const auto read = [](const std::string& hex) { return hashFromHex(hex).value_or(Hash{}); };
    std::string successorHex;
    for (const store::TokenRecord& token : tokens)
      if (token.lineage == name && token.kind == "reconnect" && !token.successorHash.empty())
        successorHex = token.successorHash;
    for (const store::TokenRecord& token : tokens) {
      if (token.lineage != name || token.kind != "reconnect") continue;
      if (token.confirmedAt != 0) {
        retired = read(token.hash);
      } else if (token.hash == successorHex) {
        successor = read(token.hash);
      } else {
        current = read(token.hash);
        attempt = read(token.attemptHash);
        expiresAt = token.expiresAt;
      }
    }
    lineage.tokens.restore(current, attempt, successor, retired, expiresAt);
  }
}

}  // namespace gw::session
