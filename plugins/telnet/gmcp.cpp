#include "gmcp.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gmcp_json.h"
#include "telnet_codec.h"

namespace gw::telnet {
namespace {

using Json = nlohmann::json;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return out;
}

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// ^[A-Za-z][A-Za-z0-9_.-]{0,63}$
bool isName(std::string_view name) {
  if (name.empty() || name.size() > kMaxGmcpName || !isLetter(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return isLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// "Char.Login 2"; without a number version 1. Version 0: not an entry.
std::pair<std::string, uint32_t> parsePackage(std::string_view entry) {
  entry = trimmed(entry);
  const size_t space = entry.find(' ');
  const std::string_view name = entry.substr(0, space);
  if (!isName(name)) return {{}, 0};
  if (space == std::string_view::npos) return {lower(name), 1};
  const std::string_view digits = trimmed(entry.substr(space));
  uint32_t version = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return {{}, 0};
  return {lower(name), std::min(version, kMaxGmcpVersion)};
}

}  // namespace

Gmcp::Heard Gmcp::receive(std::string_view payload) {
  const size_t space = payload.find(' ');
  const std::string_view name = payload.substr(0, space);
  if (!isName(name)) return Heard::kUnusable;
  const std::string_view json = space == std::string_view::npos ? std::string_view() : trimmed(payload.substr(space));
  const std::string key = lower(name);
  if (key == "core.hello") return hello(json);
  if (key == "core.ping") return Heard::kPing;
  if (key == "core.keepalive") return Heard::kNothing;
  constexpr std::string_view kSupportsPrefix = "core.supports.";
  if (key.starts_with(kSupportsPrefix)) return supports(std::string_view(key).substr(kSupportsPrefix.size()), json);
  constexpr std::string_view kLoginPrefix = "char.login.";
  if (key.starts_with(kLoginPrefix)) return login(std::string_view(key).substr(kLoginPrefix.size()), json);
  return Heard::kUnknown;
}

Gmcp::Heard Gmcp::hello(std::string_view json) {
  Json data = parseGmcpJson(json);
  const Dismantled later(data);
  if (!data.is_object()) return Heard::kUnusable;
  std::string client = gmcpText(data, "client");
  const std::string version = gmcpText(data, "version");
  if (client.empty()) return Heard::kUnusable;
  if (!version.empty()) client += " " + version;
  client_ = client.substr(0, kMaxGmcpClient);
  return Heard::kNothing;
}

Gmcp::Heard Gmcp::supports(std::string_view verb, std::string_view json) {
  const bool isRemoval = verb == "remove";
  if (!isRemoval && verb != "set" && verb != "add") return Heard::kUnknown;
  Json data = parseGmcpJson(json);
  const Dismantled later(data);
  if (!data.is_array()) return Heard::kUnusable;
  if (verb == "set") packages_.clear();
  for (const Json& entry : data) {
    if (!entry.is_string()) continue;
    auto [name, version] = parsePackage(entry.get_ref<const std::string&>());
    if (version == 0) continue;
    list(std::move(name), isRemoval ? 0 : version);
  }
  return Heard::kSupports;
}

void Gmcp::list(std::string name, uint32_t version) {
  const auto known = std::find_if(packages_.begin(), packages_.end(), [&](const auto& p) { return p.first == name; });
  if (version == 0) {
    if (known != packages_.end()) packages_.erase(known);
  } else if (known != packages_.end()) {
    known->second = version;
  } else if (packages_.size() < kMaxGmcpPackages) {
    packages_.emplace_back(std::move(name), version);
  }
}

Gmcp::Heard Gmcp::login(std::string_view verb, std::string_view json) {
  const bool isToken = verb == "reconnect";
  if (!isToken && verb != "credentials") return Heard::kUnknown;
  if (!parseSignIn(isToken, json, signIn_)) return Heard::kUnusable;
  if (signIn_.keepsTokens) keepsTokens_ = *signIn_.keepsTokens;
  return Heard::kSignIn;
}

uint32_t Gmcp::versionOf(std::string_view package) const {
  const std::string key = lower(package);
  for (const auto& [name, version] : packages_) {
    if (name == key) return version;
  }
  return 0;
}

void appendGmcp(std::string_view name, std::string_view json, std::string& out) {
  std::string payload(name);
  if (!json.empty()) payload.append(" ").append(json);
  appendSubnegotiation(kOptGmcp, payload, out);
}

}  // namespace gw::telnet
