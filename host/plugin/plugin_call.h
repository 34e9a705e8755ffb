#pragma once
// callPlugin: a [control] call that returns a status and a sentence, with everything a plugin can do
// wrong there (throw, fail silently, forget the NUL) turned into a Result.

#include <cstring>
#include <exception>
#include <string>

#include "base/result.h"
#include "gw/types.h"
#include "plugin/callback_guard.h"

namespace gw::plugin {

inline std::string sentence(const gw_err& err) { return {err.text, strnlen(err.text, sizeof(err.text))}; }
inline gw_slice slice(const std::string& text) { return {text.data(), text.size()}; }

/// Runs call(gw_err&) under a guard. The exception, if any, is gone when this returns: its type lives in
/// the library, which may be unloaded next.
template <typename Call>
Result<void> callPlugin(const CallbackOwner& owner, const char* callback, Call&& call) {
  gw_err err{};
  gw_status status = GW_OK;
  std::string thrown;
  {
    CallbackGuard guard(owner, callback);
    try {
      status = call(err);
    } catch (const std::exception& e) {
      thrown = std::string("threw an exception: ") + e.what();
    } catch (...) {
      thrown = "threw an exception";
    }
  }
  if (!thrown.empty()) return fail(ErrorCode::kInternal, std::string(callback) + " " + thrown);
  if (status == GW_OK) return {};
  const std::string said = sentence(err);
  return fail(status == GW_E_INVALID ? ErrorCode::kInvalid : ErrorCode::kInternal,
              std::string(callback) +
                  " failed: " + (said.empty() ? "status " + std::to_string(status) + " without a reason" : said));
}

}  // namespace gw::plugin
