#pragma once
// ClientApi: gateway.v1, as players, operators and nodes speak it: frames in, `res` frames out
// (docs/protocol/gateway-v1.md). The same methods serve WebSocket streams and POST /rpc.
//
// Thread: the manager's loop. A cheap object made per frame.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "gw/types.h"
#include "session/caller.h"

namespace gw::plugin {
class Request;
}

namespace gw::session {

class Attachment;
class Session;
class SessionManager;
struct Lineage;
struct SessionToken;

class ClientApi {
 public:
  explicit ClientApi(SessionManager& manager) : manager_(manager) {}

  /// One frame or an array of frames of a stream.
  gw_status onFrame(Attachment& attachment, std::string_view utf8);
  /// One req frame of POST /rpc.
  gw_status onRequest(plugin::Request& request, std::string_view bearer, std::string_view utf8, uint64_t token);

 private:
  /// Who calls: a stream's attachment, or an rpc request bound to a lineage of a session.
  struct Call {
    Caller caller;
    Attachment* attachment = nullptr;  // streams
    Session* session = nullptr;
    Lineage* lineage = nullptr;
    std::string device;
    std::string address;
    std::string limitKey;
    std::string channel;
    const std::vector<std::string>* roles = nullptr;
  };
  using Json = nlohmann::json;
  using Method = void (ClientApi::*)(Call&, const Json&);

  gw_status handle(Attachment& attachment, const Json& frame);
  void dispatch(Call& call, const std::string& method, const Json& params);
  void rpcHere(Call call, std::string_view bearerSecret, const std::string& method, const Json& params);

  // client_api_connect.cpp
  void connect(Call& call, const Json& params);
  void connectOperator(Call& call, const Json& params, const std::string& role);
  void connectNew(Call& call, const Json& params);
  void authenticate(Call& call, const Json& params);
  void registerUser(Call& call, const Json& params);
  void afterConnectLogin(Session& session, Call call, std::string character, bool create);
  // client_api.cpp
  void charactersList(Call& call, const Json& params);
  void charactersCreate(Call& call, const Json& params);
  void charactersSelect(Call& call, const Json& params);
  void command(Call& call, const Json& params);
  void ack(Call& call, const Json& params);
  void attachToken(Call& call, const Json& params);
  void roomsJoin(Call& call, const Json& params);
  void roomsLeave(Call& call, const Json& params);
  void roomsList(Call& call, const Json& params);
  void presenceGet(Call& call, const Json& params);
  void subscribe(Call& call, const Json& params);
  void ping(Call& call, const Json& params);
  void logout(Call& call, const Json& params);

  void ok(const Call& call, const std::string& payload) { answer(call, Result<std::string>(payload)); }
  void refuse(const Call& call, Error error) { answer(call, Result<std::string>(std::move(error))); }
  bool holdInput(const Call& call);
  void answer(const Call& call, const Result<std::string>& payload);
  void playAsLine(Call& call, const std::string& line);
  bool mustPlay(const Call& call);

  SessionManager& manager_;
};

/// Parses a client's JSON: at most 64 levels deep, else (or if it is not JSON) empty with a reason.
bool parseClientJson(std::string_view utf8, nlohmann::json& out, std::string& reason);
/// A string member, at most `most` bytes; else empty.
std::string stringMember(const nlohmann::json& object, const char* name, size_t most = 1024);

}  // namespace gw::session
