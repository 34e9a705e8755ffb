#pragma once
// Logging for the host: one line per decision, structured fields beside it. Poco does the work
// (host/base/log.cpp); its headers stay out of everyone else's.
//
// Thread-safe. Strings that come from clients must be passed as fields or through quoted(): both
// escape them. Credentials are never passed here.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace gw::log {

enum class Level { kDebug, kInfo, kWarn, kError };

/// A field's value is printed escaped and cut at 256 bytes.
struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  template <typename N, typename = decltype(std::to_string(N{}))>
  Field(std::string_view k, N v) : key(k), value(std::to_string(v)) {}
  std::string_view key;
  std::string value;
};

/// area: the part that speaks ("session", "channel.telnet:default").
void write(Level level, std::string_view area, std::string_view message, std::initializer_list<Field> fields = {});
void write(Level level, std::string_view area, std::string_view message, const Field* fields, size_t count);

inline void debug(std::string_view area, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kDebug, area, m, f);
}
inline void info(std::string_view area, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kInfo, area, m, f);
}
inline void warn(std::string_view area, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kWarn, area, m, f);
}
inline void error(std::string_view area, std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kError, area, m, f);
}

struct Options {
  std::string level = "info";  // debug | info | warn | error
  bool json = false;           // one JSON object a line
  std::string file;            // empty: standard error
};

/// [start-up and reload] Throws std::runtime_error that names the file if it cannot be opened.
void configure(const Options& options);
/// Flushes and closes the channels; call last. Later lines go to standard error.
void shutdown();

/// Waits until what was written before has left the process, at most limitMs. Lines are written by a
/// thread of their own, so call it before an abort().
void flush(uint64_t limitMs);
/// Lines lost because they came faster than they could be written, or could not be written.
uint64_t droppedLines();

/// A client's string for a terminal or a text log, between double quotes: printable ASCII and UTF-8 as
/// is, `"` and `\` behind a backslash, the rest (controls, bidi marks, bad UTF-8) as \xNN. At most 256
/// bytes of the text; "..." follows a cut one.
std::string quoted(std::string_view text);

}  // namespace gw::log
