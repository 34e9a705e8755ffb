#pragma once
// TwoRooms: a world of two rooms, things to carry, and a rat. All of its state is in the database, so that a call that
// fails leaves nothing behind, and a restart changes nothing.

#include <gw/backend/link.hpp>
#include <string>
#include <string_view>

#include "accounts.h"

namespace world {

class TwoRooms final : public gw::backend::Backend {
 public:
  /// Starts the fights' ticks.
  void attach(gw::backend::Link& link);

  void onStart(gw::backend::Transaction& tx) override;
  void authenticate(gw::backend::Transaction& tx, const gw::backend::Credentials& given,
                    const gw::backend::Answer<gw::backend::User>& answer) override;
  void registerUser(gw::backend::Transaction& tx, const gw::backend::Credentials& given,
                    const gw::backend::Answer<gw::backend::User>& answer) override;
  void onEntered(gw::backend::Transaction& tx, const gw::backend::Session& session) override;
  void onReconnected(gw::backend::Transaction& tx, const gw::backend::Session& session,
                     gw::backend::Cause cause) override;
  void onClosed(gw::backend::Transaction& tx, const gw::backend::Session& session, std::string_view reason) override;
  void onCommand(gw::backend::Transaction& tx, const gw::backend::Session& session, std::string_view text) override;

 private:
  Accounts accounts_;
};

}  // namespace world
