#pragma once
// Accounts: names and password hashes (Argon2id of libsodium) in the world's database.
//
// A hash takes some 30 ms: it is made on Link::background(), so that nobody waits for a login of somebody else.

#include <gw/backend/link.hpp>
#include <string>

namespace world {

class Accounts {
 public:
  void makeTables(gw::backend::Transaction& tx);
  /// Where slow work goes; needed before the first login.
  void attach(gw::backend::Link& link) { link_ = &link; }

  void authenticate(gw::backend::Transaction& tx, const gw::backend::Credentials& given,
                    const gw::backend::Answer<gw::backend::User>& answer);
  void add(gw::backend::Transaction& tx, const gw::backend::Credentials& given,
           const gw::backend::Answer<gw::backend::User>& answer);

 private:
  gw::backend::Link* link_ = nullptr;
};

}  // namespace world
