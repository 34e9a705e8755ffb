#ifndef GW_ENCODE_HPP
#define GW_ENCODE_HPP
// Encode once, send to all: what a channel's encode() reads and writes. See gw/encode.h for the rules.

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "gw/encode.h"
#include "gw/host.hpp"

namespace gw::sdk {

/// An outbound event. Valid during the call only.
class EventView {
 public:
  explicit EventView(const gw_event& raw) noexcept : raw_(raw) {}
  const gw_event& raw() const noexcept { return raw_; }

  uint32_t kind() const noexcept { return raw_.kind; }
  uint32_t delivery() const noexcept { return raw_.delivery; }
  uint64_t stateVersion() const noexcept { return raw_.state_version; }
  bool isText() const noexcept { return raw_.kind == GW_KIND_TEXT; }
  bool isPrompt() const noexcept { return raw_.kind == GW_KIND_PROMPT; }
  bool has(uint32_t flag) const noexcept { return (raw_.flags & flag) != 0; }  // GW_EVENT_*
  std::string_view name() const noexcept { return view(raw_.name); }
  std::string_view text() const noexcept { return view(raw_.text); }
  /// Bytes that a terminal gets in place of the text, as they are; empty: none. See gw_event.
  std::string_view terminal() const noexcept {
    const bool isWritten = raw_.struct_size >= offsetof(gw_event, terminal) + sizeof raw_.terminal;
    return isWritten ? view(raw_.terminal) : std::string_view();
  }
  std::span<const gw_span> spans() const noexcept {
    return raw_.span_count == 0 ? std::span<const gw_span>{} : std::span{raw_.spans, raw_.span_count};
  }
  /// The complete gateway.v1 payload as JSON; built lazily by the host, once per loop.
  std::string_view payload() const noexcept { return view(host().stream->event_payload(&raw_)); }

 private:
  const gw_event& raw_;
};

/// The output of one encode call. [encode]
class Builder {
 public:
  explicit Builder(gw_builder* raw) noexcept : raw_(raw) {}
  gw_status append(std::string_view bytes) noexcept { return host().base->builder_append(raw_, slice(bytes)); }

 private:
  gw_builder* raw_;
};

/// Head and tail of one unit; at most GW_WRAP_MAX bytes each. Appending more is refused whole.
class Wrap {
 public:
  explicit Wrap(gw_wrap& raw) noexcept : raw_(raw) {}
  bool head(std::string_view bytes) noexcept { return append(raw_.head, raw_.head_len, bytes); }
  bool tail(std::string_view bytes) noexcept { return append(raw_.tail, raw_.tail_len, bytes); }

 private:
  static bool append(char* out, uint32_t& length, std::string_view bytes) noexcept {
    if (bytes.size() > GW_WRAP_MAX - length) return false;
    std::memcpy(out + length, bytes.data(), bytes.size());
    length += static_cast<uint32_t>(bytes.size());
    return true;
  }
  gw_wrap& raw_;
};

}  // namespace gw::sdk
#endif  // GW_ENCODE_HPP
