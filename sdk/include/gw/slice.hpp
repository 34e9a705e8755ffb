#ifndef GW_SLICE_HPP
#define GW_SLICE_HPP
// The SDK's C++20 side starts here: slices as string_views, and the one exception a plugin may throw.
// Everything in the *.hpp headers is header-only, so that no C++ type ever crosses the C ABI.

#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "gw/types.h"

namespace gw::sdk {

/// A view of the host's bytes. Valid as long as the slice is (see `_h` in gw/types.h).
constexpr std::string_view view(gw_slice slice) noexcept {
  return slice.len == 0 ? std::string_view{} : std::string_view{slice.ptr, slice.len};
}

/// A slice of the plugin's bytes. The text must outlive the host call it is given to.
constexpr gw_slice slice(std::string_view text) noexcept { return gw_slice{text.data(), text.size()}; }

/// A struct of the other side, as far as it wrote it (gw_as_written).
template <class T>
T asWritten(const T& theirs) noexcept {
  T ours;
  gw_as_written(&ours, sizeof ours, &theirs);
  return ours;
}

/// What constructors and [control] functions of a plugin throw to refuse. The wrapper turns it into a
/// status and one sentence for the operator; it never leaves the library.
class Error : public std::exception {
 public:
  explicit Error(std::string text, gw_status status = GW_E_INVALID) : text_(std::move(text)), status_(status) {}
  const char* what() const noexcept override { return text_.c_str(); }
  gw_status status() const noexcept { return status_; }

 private:
  std::string text_;
  gw_status status_;
};

/// Writes one sentence into the host's buffer, cut to fit. `err` may be null.
inline void writeError(gw_err* err, std::string_view text) noexcept {
  if (err == nullptr) return;
  const size_t length = text.size() < sizeof(err->text) - 1 ? text.size() : sizeof(err->text) - 1;
  std::memcpy(err->text, text.data(), length);
  err->text[length] = '\0';
}

}  // namespace gw::sdk
#endif  // GW_SLICE_HPP
