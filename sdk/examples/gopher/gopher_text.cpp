#include "gopher_text.h"

namespace gopher {
namespace {

/// The C1 controls are two bytes in UTF-8: C2 80 to C2 9F. Some terminals obey them like ESC.
bool isC1(std::string_view text, size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
         static_cast<unsigned char>(text[at + 1]) <= 0x9f;
}

/// One line as it may be shown. The host has done this for its events; our own words and options come this way too.
std::string clean(std::string_view line) {
  std::string out;
  out.reserve(line.size());
  for (size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if (byte < 0x20 || byte == 0x7f) {
      out += ' ';
    } else if (isC1(line, i)) {
      out += ' ';
      ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

/// write(line) for each line of the text; a newline at its end begins no further one.
template <class Write>
void forEachLine(std::string_view text, Write write) {
  while (true) {
    const size_t end = text.find('\n');
    write(clean(text.substr(0, end)));
    if (end == std::string_view::npos || end + 1 == text.size()) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Request parseRequest(std::string_view line) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos) return {line, {}};
  const std::string_view rest = line.substr(tab + 1);
  return {line.substr(0, tab), rest.substr(0, rest.find('\t'))};
}

std::string item(char type, std::string_view display, std::string_view selector, const Place& place) {
  return type + clean(display) + '\t' + clean(selector) + '\t' + place.host + '\t' + std::to_string(place.port) +
         "\r\n";
}

std::string infoLines(std::string_view text) {
  static const Place kNowhere{"error.host", 1};  // as is the custom
  std::string out;
  forEachLine(text, [&](const std::string& line) { out += item('i', line, "", kNowhere); });
  return out;
}

std::string textLines(std::string_view text) {
  std::string out;
  forEachLine(text, [&](const std::string& line) { out += (line.starts_with('.') ? "." : "") + line + "\r\n"; });
  return out;
}

std::string errorAnswer(std::string_view sentence) {
  return item('3', sentence, "", {"error.host", 1}) + std::string(kEnd);
}

}  // namespace gopher
