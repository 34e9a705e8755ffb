#pragma once
// Caller: where a request came from, so that its answer finds the way back, also from another loop and
// after the connection has moved. Plain values: nothing dangles if the client has gone.

#include <cstdint>
#include <string>

#include "base/result.h"

namespace gw::session {

struct Caller {
  size_t loop = 0;
  uint64_t streamId = 0;   // a live stream (on the loop that answers), or
  uint64_t requestId = 0;  // an HTTP request (on `loop`)
  uint64_t token = 0;      // the plugin's token
  std::string frameId;     // the req frame's id, as JSON
  bool wantsFrame() const { return !frameId.empty(); }
  bool wantsAnswer() const { return wantsFrame() || (streamId != 0 && token != 0); }
};

/// {"type":"res","id":…,"ok":true,"payload":…}
std::string okFrame(const std::string& frameId, const std::string& payloadJson);
/// {"type":"res","id":…,"ok":false,"error":{…}}
std::string errorFrame(const std::string& frameId, const Error& error);
/// The one error object: {"code","message","details":{"reason"}?,"retryable"?,"retryAfterMs"?}.
std::string errorJson(const Error& error);
int httpStatusOf(ErrorCode code);
/// The answer to whoever uses, or wants back, a session that has ended.
Error sessionGone();
std::string jsonString(const std::string& text);

}  // namespace gw::session
