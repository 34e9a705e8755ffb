#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "config/gateway_config.h"
#include "config/validate.h"

namespace gw::config {
namespace {

// A key whose last word is one of these holds a secret; with "File" or "Env" behind it, it names one.
constexpr std::array<std::string_view, 12> kSecretWords{
    "token",  "tokens",     "password",         "passwd",     "passphrase",  "secret",
    "apikey", "privatekey", "connectionstring", "credential", "credentials", "secrets"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::erase_if(out, [](char c) { return c == '_' || c == '-'; });
  return out;
}

bool namesSecret(std::string_view key) {
  const std::string word = lower(key);
  return std::any_of(kSecretWords.begin(), kSecretWords.end(), [&](std::string_view s) { return word.ends_with(s); });
}

void scan(const Json& value, const std::string& path, const std::string& source) {
  for (const auto& item : value.items()) {
    const std::string here = path + "/" + item.key();
    const bool canHoldSecret = !item.value().is_boolean() && !item.value().is_null();
    if (value.is_object() && canHoldSecret && namesSecret(item.key())) {
      throw ConfigError(source + ": " + here +
                        ": a secret must not stand in this file; write it to a file that only "
                        "gwhost can read and name that: \"" +
                        item.key() + "File\": \"path\" (or \"" + item.key() + "Env\": \"VARIABLE\")");
    }
    if (item.value().is_structured()) scan(item.value(), here, source);  // depth is ≤ 64: parseDocument
  }
}

}  // namespace

void refuseInlineSecrets(const Json& document, const std::string& source) { scan(document, "", source); }

}  // namespace gw::config
