#ifndef GW_WORK_HPP
#define GW_WORK_HPP
// Work that blocks, on a thread of the host's: HostConn::work<&job>(...) starts it, Stream::onWork gets the answer.
// A job is a function, or a lambda without captures, of (WorkCall&) that returns gw_status or nothing. It touches no
// stream and no channel: what it needs to know comes with its input. See gw/work.h.

#include <new>
#include <string_view>
#include <type_traits>

#include "gw/host.hpp"
#include "gw/slice.hpp"
#include "gw/work.h"

namespace gw::sdk {

/// What a job is given. [work], valid until the job returns.
class WorkCall {
 public:
  explicit WorkCall(const gw_work_call& raw) noexcept : raw_(raw) {}
  std::string_view input() const noexcept { return view(raw_.input_h); }
  /// Appends to the result; GW_E_LIMIT beyond GW_WORK_MAX_RESULT, and nothing of that call is kept.
  gw_status write(std::string_view bytes) const noexcept { return raw_.write(raw_.ctx, slice(bytes)); }
  /// Nobody waits any more: return soon.
  bool isUnwanted() const noexcept { return raw_.is_unwanted(raw_.ctx) != 0; }

 private:
  const gw_work_call& raw_;
};

namespace detail {

/// What the host calls. Nothing but a status leaves it.
template <auto Job>
gw_status runJob(const gw_work_call* raw) noexcept {
  try {
    WorkCall call(*raw);
    if constexpr (std::is_void_v<decltype(Job(call))>) {
      Job(call);
      return GW_OK;
    } else {
      return Job(call);
    }
  } catch (const Error& error) {
    return error.status() < 0 ? error.status() : GW_E_INTERNAL;
  } catch (const std::bad_alloc&) {
    return GW_E_NOMEM;
  } catch (const std::exception& error) {
    HostInst{}.log(GW_LOG_ERROR, "an exception left blocking work", {{"what", error.what()}});
    return GW_E_INTERNAL;
  } catch (...) {
    return GW_E_INTERNAL;
  }
}

}  // namespace detail
}  // namespace gw::sdk
#endif  // GW_WORK_HPP
