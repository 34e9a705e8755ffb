#pragma once
// Output: what a player gets to see, in the forms of docs/protocol/backend-link.md. Each connection shows as much
// of it as it can.
//
// Text is UTF-8, lines separated by '\n', SGR escapes become colours; bytes that are not UTF-8 become U+FFFD.
// Structured members are given as JSON text; what is not JSON, or deeper than 60, throws std::invalid_argument.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::backend {

/// A run of text with a colour. start and len count bytes of UTF-8.
struct Span {
  size_t start = 0;
  size_t len = 0;
  std::string fg;  // "" none, "12" of the palette, "#rrggbb"
  std::string bg;
  bool bold = false;
  bool italic = false;
  bool underline = false;
  bool inverse = false;
  bool strike = false;
};

struct RoomDescription {
  std::string name;
  std::string description;
  std::vector<std::string> exits;
  std::vector<std::string> entities;
  std::vector<std::string> items;
};

struct Combat {
  std::string attacker;
  std::string defender;
  std::string action;
  std::optional<int64_t> damage;
  bool isCritical = false;
};

class Output {
 public:
  static Output text(std::string_view text);
  static Output formatted(std::string_view text, const std::vector<Span>& spans);
  /// outputType: an event name. data: JSON. text: what a terminal shows; none: nothing.
  static Output structured(std::string_view outputType, std::string_view data, std::string_view text = {});
  static Output room(const RoomDescription& room);
  static Output combat(const Combat& blow);
  static Output system(std::string_view text, std::string_view level = {});
  /// Bytes that terminals get as they are (a BBS screen); needs the token's rawTerminal. text is for everybody else.
  static Output terminal(std::string_view bytes, std::string_view text = {});

  const std::string& json() const { return json_; }

 private:
  explicit Output(std::string json) : json_(std::move(json)) {}
  std::string json_;
};

/// How hard the gateway tries. Must: numbered, logged, replayed. Latest: only the newest of its key counts.
/// Drop: lost first on a slow connection; not counted, so that it is also lost with the link.
class Delivery {
 public:
  static Delivery must() { return Delivery(""); }
  static Delivery latest(std::string_view key) { return Delivery("latest:" + std::string(key)); }
  static Delivery drop() { return Delivery("drop"); }

  /// As on the wire; empty for must.
  const std::string& name() const { return name_; }
  bool isCounted() const { return name_ != "drop"; }

 private:
  explicit Delivery(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace gw::backend
