#pragma once
// Frames of the link as text, and the parts of frames that are read alike everywhere (docs/protocol/backend-link.md).
// Thread-safe, without state.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "session/backend_port.h"

namespace gw::link {

using Json = nlohmann::json;

// details.reason of a frame that is refused for where it goes.
inline constexpr const char* kNoSession = "sessionNotFound";
inline constexpr const char* kOtherConnection = "otherConnection";

std::string eventFrame(std::string_view name, std::string_view payload);
std::string requestFrame(const std::string& id, std::string_view method, const std::string& params);
std::string resultFrame(const Json& id, const std::string& payload);
std::string refusalFrame(const Json& id, const Error& error);

std::string commandFrame(const SessionId& session, uint64_t seq, const std::string& text);
std::string privateCommandFrame(const SessionId& session, const std::string& text);
std::string ackFrame(const SessionId* session, uint64_t n);
/// What link.error says: of which event, and if they are known of which session and n.
std::string errorFrame(const std::string& event, const std::string& session, uint64_t n, const Error& error);
/// {"expected":N}
std::string expectedJson(uint64_t n);

std::string userJson(const session::Identity& user);
std::string characterJson(const session::Character& character);
/// The payload of session.entered, and with cause that of session.reconnected. n: nothing if it is not known.
std::string sessionJson(const session::PlayingSession& session);
std::string reconnectedJson(const session::PlayingSession& session, std::string_view cause, std::optional<uint64_t> n,
                            bool withRooms = true);
std::string sessionEndJson(const SessionId& session, const std::string& reason);

/// The error of a res; kInternal if it is none.
Error readError(const Json& error);
/// Fail kInvalid with a sentence that names the member.
Result<session::Identity> readUser(const Json& payload);
Result<session::Character> readCharacter(const Json& character);

Error invalid(std::string message);
/// "" if it is missing or no string; at most `most` bytes, else also "".
std::string textOf(const Json& object, const char* name, size_t most);
/// "" if it is missing. Fails kInvalid if it is no string of at most `most` bytes: what is cut would be lost unseen.
Result<std::string> optionalText(const Json& object, const char* name, size_t most);
/// A whole number from 0 to 2^53; nothing if it is missing. Fails if it is something else.
Result<std::optional<uint64_t>> countOf(const Json& object, const char* name);
bool flagOf(const Json& object, const char* name, bool usual);
std::string dump(const Json& json);

}  // namespace gw::link
