#ifndef GW_STATE_HPP
#define GW_STATE_HPP
// A connection's state as bytes, for gw.migrate/1: one description of a class's members writes and reads.
//
//   template <class Self, class Fields>
//   static void fields(Self& self, Fields& f) {
//     f.text(1, "line", self.line_, kMaxLine);
//     f.number(2, "width", self.width_, kMaxWidth);
//     f.flag(3, "isCut", self.isCut_);
//   }
//   void save(StateWriter& out) const override { fields(*this, out); }  // and fields(stream, reader) to restore
//
// Format: fields of {tag, length, bytes}, tag and length as varints, in ascending order of tags; numbers as
// little-endian bytes without leading zeros; a field that has its default (0, false, empty) is left out; a 0 ends
// the state. So it is small, the same state gives the same bytes, and a reader skips tags that it does not know:
// a field that older code may ignore needs no new version. One that it may not ignore does (see version()).
//
// Readers trust nothing: whatever is too long, too big, cut off or out of order throws Error, which names the
// field. Members that were read before that hold what was read.

#include <string.h>

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gw/migrate.h"
#include "gw/slice.hpp"

namespace gw::sdk {

/// What StateWriter and StateReader call a number.
template <class T>
concept StateNumber = (std::unsigned_integral<T> && !std::same_as<T, bool>) || std::is_enum_v<T>;

namespace detail {

/// A string that overwrites whatever it gives back: states may hold what a client typed.
class WipedBytes {
 public:
  WipedBytes() = default;
  ~WipedBytes() { explicit_bzero(bytes_.data(), bytes_.size()); }
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;

  std::string_view view() const noexcept { return bytes_; }
  size_t size() const noexcept { return bytes_.size(); }
  void append(std::string_view more) {
    if (bytes_.capacity() - bytes_.size() < more.size()) {
      std::string larger;
      larger.reserve(std::max<size_t>(256, 2 * (bytes_.size() + more.size())));
      larger = bytes_;
      explicit_bzero(bytes_.data(), bytes_.size());
      bytes_.swap(larger);
    }
    bytes_.append(more);
  }

 private:
  std::string bytes_;
};

/// A field's name with those of what it is in: "gmcp.packages.3.name".
struct StatePath {
  const StatePath* parent;
  std::string_view name;

  std::string text() const {
    const std::string before = parent == nullptr ? std::string() : parent->text();
    if (name.empty()) return before;
    return before.empty() ? std::string(name) : before + "." + std::string(name);
  }
};

}  // namespace detail

/// Writes a state. Throws Error if a value is beyond the bound that its reader would refuse, or the whole is
/// longer than `most`.
class StateWriter {
 public:
  static constexpr bool isReading = false;

  StateWriter(uint32_t version, size_t most) : version_(version), most_(most) {}

  /// The version to write: `if (f.version() >= 2) f.flag(...)`.
  uint32_t version() const noexcept { return version_; }

  template <StateNumber T>
  void number(uint32_t tag, std::string_view name, const T& value, std::type_identity_t<T> most) {
    if (value > most) tooBig(name);
    auto rest = static_cast<uint64_t>(value);
    char bytes[8];
    size_t count = 0;
    for (; rest != 0; rest >>= 8) bytes[count++] = static_cast<char>(rest & 0xff);
    if (count != 0) field(tag, {bytes, count});
  }
  void flag(uint32_t tag, std::string_view /*name*/, const bool& value) {
    if (value) field(tag, {"\x01", 1});
  }
  void text(uint32_t tag, std::string_view name, std::string_view value, size_t most) {
    if (value.size() > most) tooBig(name);
    if (!value.empty()) field(tag, value);
  }
  /// Fields of their own, with tags of their own: `f.section(4, "profile", [&](auto& inner) { ... })`.
  template <class Describe>
  void section(uint32_t tag, std::string_view /*name*/, Describe&& describe) {
    StateWriter inner(version_, most_);
    describe(inner);
    if (inner.bytes_.size() != 0) field(tag, inner.bytes_.view());
  }
  /// `describe(element, inner)` for each element.
  template <class Element, class Describe>
  void list(uint32_t tag, std::string_view name, const std::vector<Element>& elements, size_t most,
            Describe&& describe) {
    if (elements.size() > most) tooBig(name);
    section(tag, name, [&](StateWriter& items) {
      for (size_t i = 0; i < elements.size(); ++i) {
        StateWriter inner(version_, most_);
        describe(elements[i], inner);
        items.field(static_cast<uint32_t>(i + 1), inner.bytes_.view());
      }
    });
  }

  /// The whole state; ends it.
  std::string_view finish() {
    bytes_.append({"\0", 1});
    return bytes_.view();
  }

 private:
  [[noreturn]] static void tooBig(std::string_view name) {
    throw Error("state field " + std::string(name) + " is beyond its bound", GW_E_LIMIT);
  }
  void varint(uint64_t value) {
    char bytes[10];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) bytes[count++] = static_cast<char>((value & 0x7f) | 0x80);
    bytes[count++] = static_cast<char>(value);
    bytes_.append({bytes, count});
  }
  void field(uint32_t tag, std::string_view value) {
    if (tag <= lastTag_) throw Error("state fields must be written in ascending order of tags", GW_E_INTERNAL);
    lastTag_ = tag;
    varint(tag);
    varint(value.size());
    bytes_.append(value);
    if (bytes_.size() >= most_) throw Error("the state is longer than max_state_bytes", GW_E_LIMIT);
  }

  uint32_t version_;
  uint32_t lastTag_ = 0;
  size_t most_;
  detail::WipedBytes bytes_;
};

/// Reads a state that StateWriter wrote, or that claims it. Views outlive the reader as the bytes do.
class StateReader {
 public:
  static constexpr bool isReading = true;

  StateReader(uint32_t version, std::string_view bytes) : version_(version), rest_(bytes) {}

  /// The version of the bytes.
  uint32_t version() const noexcept { return version_; }

  template <StateNumber T>
  void number(uint32_t tag, std::string_view name, T& value, std::type_identity_t<T> most) {
    const std::string_view bytes = take(tag);
    if (bytes.size() > 8) fail(name, "is longer than a number");
    uint64_t read = 0;
    for (size_t i = bytes.size(); i > 0; --i) read = read << 8 | static_cast<uint8_t>(bytes[i - 1]);
    if (read > static_cast<uint64_t>(most)) {
      fail(name, "is " + std::to_string(read) + ", more than " + std::to_string(static_cast<uint64_t>(most)));
    }
    value = static_cast<T>(read);
  }
  void flag(uint32_t tag, std::string_view name, bool& value) {
    const std::string_view bytes = take(tag);
    if (!bytes.empty() && bytes != std::string_view("\x01", 1)) fail(name, "is no flag");
    value = !bytes.empty();
  }
  void text(uint32_t tag, std::string_view name, std::string& value, size_t most) { value = textView(tag, name, most); }
  std::string_view textView(uint32_t tag, std::string_view name, size_t most) {
    const std::string_view bytes = take(tag);
    if (bytes.size() > most) {
      fail(name, "has " + std::to_string(bytes.size()) + " bytes, more than " + std::to_string(most));
    }
    return bytes;
  }
  template <class Describe>
  void section(uint32_t tag, std::string_view name, Describe&& describe) {
    const detail::StatePath path{path_, name};
    StateReader inner(version_, take(tag), &path);
    describe(inner);
    inner.skipRest();
  }
  template <class Element, class Describe>
  void list(uint32_t tag, std::string_view name, std::vector<Element>& elements, size_t most, Describe&& describe) {
    elements.clear();
    section(tag, name, [&](StateReader& items) {
      while (!items.rest_.empty()) {
        if (elements.size() == most) items.fail("", "has more than " + std::to_string(most) + " elements");
        const auto index = static_cast<uint32_t>(elements.size() + 1);
        const std::string number = std::to_string(index);
        if (items.nextTag() != index) items.fail(number, "is missing");
        items.section(index, number, [&](StateReader& inner) { describe(elements.emplace_back(), inner); });
      }
    });
  }

  /// Refuses the state: `if (f.isReading && ...) f.fail("mask", "is set outside of a frame")`.
  [[noreturn]] void fail(std::string_view name, std::string_view what) const {
    const std::string path = detail::StatePath{path_, name}.text();
    throw Error((path.empty() ? "the state" : "state field " + path) + " " + std::string(what));
  }
  /// Skips what is not known; the end must be where it belongs.
  void finish() {
    skipRest();
    if (rest_.size() != 1) fail("", "has no end");
  }

 private:
  StateReader(uint32_t version, std::string_view bytes, const detail::StatePath* path)
      : version_(version), rest_(bytes), path_(path) {}

  /// The field's bytes; empty if it is left out. Skips lower tags.
  std::string_view take(uint32_t tag) {
    while (true) {
      const uint32_t next = nextTag();
      if (next == 0 || next > tag) return {};
      const std::string_view bytes = takeNext();
      if (next == tag) return bytes;
    }
  }
  void skipRest() {
    while (nextTag() != 0) takeNext();
    if (path_ != nullptr && !rest_.empty()) fail("", "ends too early");
  }
  /// Of the field that comes next; 0: the end.
  uint32_t nextTag() const {
    if (rest_.empty()) return 0;
    std::string_view ahead = rest_;
    const uint32_t tag = varint(ahead);
    if (tag != 0 && tag <= lastTag_) fail(std::to_string(tag), "is out of order");
    return tag;
  }
  std::string_view takeNext() {
    lastTag_ = varint(rest_);
    const uint32_t length = varint(rest_);
    if (length > rest_.size()) fail(std::to_string(lastTag_), "is cut off");
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
  }
  uint32_t varint(std::string_view& from) const {
    uint64_t value = 0;
    for (size_t i = 0; i < from.size() && i < 5; ++i) {
      const auto byte = static_cast<uint8_t>(from[i]);
      value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if (byte >= 0x80) continue;
      if (value > UINT32_MAX) break;
      from.remove_prefix(i + 1);
      return static_cast<uint32_t>(value);
    }
    fail("", "has a bad tag or length");
  }

  uint32_t version_;
  uint32_t lastTag_ = 0;
  std::string_view rest_;
  const detail::StatePath* path_ = nullptr;
};

/// What a channel says of its state, as a static member kState; see gw_state_schema.
struct StateSchema {
  uint32_t version = 1;
  uint32_t oldestImport = 1;
  uint32_t oldestExport = 1;
};

/// Whether a stream may move now; the reason is for the operator.
struct MoveAnswer {
  int32_t code;  // GW_QUIESCE_*
  std::string reason{};

  static MoveAnswer ready() { return {GW_QUIESCE_READY}; }
  static MoveAnswer notYet(std::string why) { return {GW_QUIESCE_NOT_YET, std::move(why)}; }
  static MoveAnswer never(std::string why) { return {GW_QUIESCE_NEVER, std::move(why)}; }
};

}  // namespace gw::sdk
#endif  // GW_STATE_HPP
