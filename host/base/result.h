#pragma once
// Result<T>: the one way in which code that can expect failure reports it (std::expected is C++23).

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace gw {

/// What went wrong, by kind. The kinds map to wire codes (docs/protocol) and gwctl exit codes.
enum class ErrorCode {
  kInvalid,  // the caller's input is wrong
  kNotFound,
  kMethodNotFound,  // no request of that name
  kConflict,        // exists already, or not in this state
  kNotConnected,    // a request before connect
  kUnauthorized,    // wrong or missing credentials
  kForbidden,
  kRateLimited,
  kTooLarge,
  kUnavailable,  // try again later
  kBusy,         // try again at once
  kTimeout,
  kInternal,
};

const char* toString(ErrorCode code);  // "INVALID_REQUEST", "NOT_FOUND", ...: the wire codes

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one sentence for a person
  std::string detail;   // the domain code ("nameTaken", "invalidCredentials"), or empty
  long long retryAfterMs = -1;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT implicit
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT implicit
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const {
    assert(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

inline Error fail(ErrorCode code, std::string message, std::string detail = {}) {
  return Error{code, std::move(message), std::move(detail), -1};
}

}  // namespace gw
