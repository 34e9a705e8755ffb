#pragma once
// The contract of gw::store::SessionStore as tests. Every implementation instantiates the suite in
// session_store_implementations.cpp.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "store/session_store.h"

namespace gw::store {

/// One implementation under test. make() gives a factory over an empty database; all stores that it
/// opens share it, until `hold` is gone.
struct Implementation {
  std::string name;
  std::function<std::unique_ptr<StoreFactory>(std::shared_ptr<void>& hold)> make;
};

inline constexpr int64_t kNow = 1'772'366'400'000'000;
inline constexpr int64_t kSecond = 1'000'000;

class SessionStoreContract : public testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override {
    factory_ = GetParam().make(hold_);
    store_ = open();
    ASSERT_NE(store_, nullptr);
  }
  std::unique_ptr<SessionStore> open() {
    auto opened = factory_->open();
    if (!opened.ok()) {
      ADD_FAILURE() << opened.error().message;
      return nullptr;
    }
    return std::move(*opened);
  }

  std::shared_ptr<void> hold_;
  std::unique_ptr<StoreFactory> factory_;
  std::unique_ptr<SessionStore> store_;
};

inline SessionBundle bundleOf(SessionId id = SessionId::random()) {
  SessionBundle b;
  b.session.id = id;
  b.session.gatewayId = "gw-1";
  b.session.backend = "lobby";
  b.session.userId = "user-1";
  b.session.userName = "Zoë";
  b.session.entityId = "char-1";
  b.session.entityName = "Zoë the Brave";
  b.session.createdAt = kNow - 5 * kSecond;
  b.session.lastActivity = kNow - kSecond;
  b.session.state = "disconnected";
  b.session.protocol = "telnet";
  b.session.clientAddress = "127.0.0.1";
  b.session.metadata = "{}";
  b.session.expiresAt = kNow + 3600 * kSecond;
  return b;
}

inline TokenRecord tokenOf(const SessionId& session, const std::string& hash, int64_t expiresAt = kNow + 60 * kSecond) {
  TokenRecord t;
  t.hash = hash;
  t.kind = "reconnect";
  t.session = session;
  t.lineage = "line-1";
  t.device = "dev-1";
  t.expiresAt = expiresAt;
  return t;
}

inline UserRecord userOf(const std::string& id, const std::string& key) {
  return {id, key + "-Name", key, "$argon2id$x", kNow, 0, false, "{}"};
}

}  // namespace gw::store
