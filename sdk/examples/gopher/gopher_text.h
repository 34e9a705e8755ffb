#pragma once
// Gopher's words (RFC 1436): what a request line says, and the lines of menus and texts. Knows no host and no
// connection: bytes in, bytes out.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gopher {

inline constexpr size_t kMaxRequest = 1024;  // RFC 1436 asks for 255 bytes of selector; the query comes on top
inline constexpr std::string_view kEnd = ".\r\n";

struct Request {
  std::string_view selector;
  std::string_view query;  // of a search item (type 7); empty otherwise
};

/// A request line without its end: selector, or selector TAB query. What Gopher+ puts behind that is not looked at.
Request parseRequest(std::string_view line);

/// Where a menu's items are: this server, as its clients know it.
struct Place {
  std::string host;
  uint16_t port = 70;
};

/// One line of a menu. Control characters and tabs in `display` become spaces.
std::string item(char type, std::string_view display, std::string_view selector, const Place& place);
/// Text inside a menu: each of its lines as an item that cannot be selected.
std::string infoLines(std::string_view text);
/// A text item's lines; one that begins with a dot gets a second one, so that none looks like the end.
std::string textLines(std::string_view text);
/// A whole answer that says what is wrong.
std::string errorAnswer(std::string_view sentence);

}  // namespace gopher
