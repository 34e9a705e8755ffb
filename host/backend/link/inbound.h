#pragma once
// Inbound: one frame of a backend: which method it is, whether it may, what it does. A cheap object made per frame.
//
// Thread: the connection's. Whatever is wrong with a frame is answered; nothing in it can end the connection, but for
// what comes before connect.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gw::link {

class LinkConnection;
class RemoteBackend;

class Inbound {
 public:
  Inbound(RemoteBackend& backend, LinkConnection& from, const nlohmann::json& frame)
      : backend_(backend), from_(from), frame_(frame) {}

  void handle();

 private:
  using Json = nlohmann::json;
  /// The payload of the answer; "" : it comes later, or not at all.
  using Outcome = Result<std::string>;
  using Method = Outcome (Inbound::*)(const Json&);

  void response();
  void dispatch(const std::string& name, const Json& payload);
  void connect(const Json& params);
  /// Of a frame that is refused for what it says: its number is used up.
  void spend(const Json& payload);
  void refuse(const std::string& name, const Json& payload, const Error& error);

  Outcome commandAck(const Json& payload);
  Outcome output(const Json& payload);
  Outcome prompt(const Json& payload);
  Outcome entityChanged(const Json& payload);
  Outcome disconnect(const Json& payload);
  Outcome plain(const Json& payload);
  Outcome roomJoin(const Json& payload);
  Outcome roomLeave(const Json& payload);
  Outcome roomOutput(const Json& payload);
  Outcome broadcast(const Json& payload);
  Outcome sessionGet(const Json& payload);
  Outcome heartbeat(const Json& payload);

  struct Frame;
  /// Gives a frame to the session that the payload names, if this connection serves it.
  Outcome toSession(const Json& payload, Frame frame);
  struct Shared;
  /// One without a session: counted by instance.
  Outcome toMany(Shared shared);
  Outcome changeRoom(const Json& payload, bool joins);

  RemoteBackend& backend_;
  LinkConnection& from_;
  const Json& frame_;
};

}  // namespace gw::link
