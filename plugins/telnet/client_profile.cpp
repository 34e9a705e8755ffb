#include "client_profile.h"

#include <algorithm>

namespace gw::telnet {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

std::string cleanName(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxClientName)) out.push_back(c >= ' ' && c < 0x7f ? c : '?');
  return out;
}

ColorLevel colorLevelOf(const ClientProfile& profile, bool isTelnet) {
  if (!isTelnet) return ColorLevel::kNone;  // nc, a script: plain text
  if (profile.hasMtts) {
    if ((profile.mtts & kMttsTrueColor) != 0) return ColorLevel::kTrueColor;
    if ((profile.mtts & kMtts256) != 0) return ColorLevel::k256;
    return (profile.mtts & kMttsAnsi) != 0 ? ColorLevel::k16 : ColorLevel::kNone;
  }
  const std::string terminal = upper(profile.terminal.empty() ? profile.name : profile.terminal);
  if (contains(terminal, "TRUECOLOR")) return ColorLevel::kTrueColor;
  if (contains(terminal, "256COLOR")) return ColorLevel::k256;
  if (terminal == "DUMB" || terminal == "UNKNOWN") return ColorLevel::kNone;
  return ColorLevel::k16;
}

Charset charsetOf(const ClientProfile& profile) {
  if (profile.hasCharset) return profile.charset;
  // A client that lists its abilities and not UTF-8 among them shows Latin-1.
  if (profile.hasMtts && (profile.mtts & kMttsUtf8) == 0) return Charset::kLatin1;
  return Charset::kUtf8;
}

std::string_view nameOf(Charset charset) {
  switch (charset) {
    case Charset::kUtf8:
      return "UTF-8";
    case Charset::kLatin1:
      return "ISO-8859-1";
    case Charset::kAscii:
      return "US-ASCII";
  }
  return "UTF-8";
}

bool charsetFromName(std::string_view name, Charset& charset) {
  const std::string wanted = upper(name);
  if (wanted == "UTF-8" || wanted == "UTF8") {
    charset = Charset::kUtf8;
  } else if (wanted == "ISO-8859-1" || wanted == "ISO8859-1" || wanted == "ISO_8859-1" || wanted == "LATIN-1" ||
             wanted == "LATIN1") {
    charset = Charset::kLatin1;
  } else if (wanted == "US-ASCII" || wanted == "ASCII") {
    charset = Charset::kAscii;
  } else {
    return false;
  }
  return true;
}

}  // namespace gw::telnet
