#include "session/caller.h"

#include <nlohmann/json.hpp>

namespace gw::session {

using Json = nlohmann::json;

std::string jsonString(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string okFrame(const std::string& frameId, const std::string& payloadJson) {
  return "{\"type\":\"res\",\"id\":" + frameId + ",\"ok\":true,\"payload\":" + payloadJson + "}";
}

std::string errorFrame(const std::string& frameId, const Error& error) {
  return "{\"type\":\"res\",\"id\":" + frameId + ",\"ok\":false,\"error\":" + errorJson(error) + "}";
}

std::string errorJson(const Error& error) {
  std::string out = std::string("{\"code\":\"") + toString(error.code) + "\",\"message\":" + jsonString(error.message);
  if (!error.detail.empty()) {
    // A detail that is an object already carries more than the domain code.
    out += ",\"details\":";
    out += error.detail.front() == '{' ? error.detail : "{\"reason\":" + jsonString(error.detail) + "}";
  }
  const bool retryable = error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kBusy ||
                         error.code == ErrorCode::kRateLimited || error.code == ErrorCode::kTimeout;
  if (retryable) out += ",\"retryable\":true";
  if (error.retryAfterMs >= 0) out += ",\"retryAfterMs\":" + std::to_string(error.retryAfterMs);
  return out + "}";
}

Error sessionGone() {
  return fail(ErrorCode::kUnauthorized, "this session is not there any more; log in again", "sessionNotFound");
}

int httpStatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
    case ErrorCode::kMethodNotFound:
      return 404;
    case ErrorCode::kConflict:
    case ErrorCode::kNotConnected:
      return 409;
    case ErrorCode::kUnauthorized:
      return 401;
    case ErrorCode::kForbidden:
      return 403;
    case ErrorCode::kRateLimited:
      return 429;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kUnavailable:
    case ErrorCode::kBusy:
      return 503;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace gw::session
