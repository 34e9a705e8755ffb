#include "base/result.h"

namespace gw {

const char* toString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "INVALID_REQUEST";
    case ErrorCode::kNotFound:
      return "NOT_FOUND";
    case ErrorCode::kMethodNotFound:
      return "METHOD_NOT_FOUND";
    case ErrorCode::kConflict:
      return "CONFLICT";
    case ErrorCode::kNotConnected:
      return "NOT_CONNECTED";
    case ErrorCode::kUnauthorized:
      return "UNAUTHORIZED";
    case ErrorCode::kForbidden:
      return "FORBIDDEN";
    case ErrorCode::kRateLimited:
      return "RATE_LIMITED";
    case ErrorCode::kTooLarge:
      return "TOO_LARGE";
    case ErrorCode::kUnavailable:
      return "UNAVAILABLE";
    // "At once" is advice for code inside the host; a client is told the same as for any outage.
    case ErrorCode::kBusy:
      return "UNAVAILABLE";
    case ErrorCode::kTimeout:
      return "TIMEOUT";
    case ErrorCode::kInternal:
      break;
  }
  return "INTERNAL";
}

}  // namespace gw
