#include "char_login.h"

#include <string.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "gmcp_json.h"

namespace gw::telnet {
namespace {

using Json = nlohmann::json;

/// The member must be a string if it is there. The parsed copy is wiped.
bool take(Json& object, const char* name, size_t most, std::string& to) {
  const auto it = object.find(name);
  if (it == object.end() || it->is_null()) return true;
  if (!it->is_string()) return false;
  auto& text = it->get_ref<std::string&>();
  const bool fits = text.size() <= most;
  if (fits) to = text;
  explicit_bzero(text.data(), text.size());
  return fits;
}

/// A JSON string. Larger values are put together as text: see Dismantled.
std::string quoted(std::string_view text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

SignIn& SignIn::operator=(SignIn&& other) {
  if (this == &other) return *this;
  wipe();
  kind = other.kind;
  account = other.account;
  secret = other.secret;  // copied and wiped there: a short string leaves its bytes behind when moved
  keepsTokens = other.keepsTokens;
  other.wipe();
  return *this;
}

void SignIn::wipe() {
  explicit_bzero(secret.data(), secret.size());
  secret.clear();
  account.clear();
  kind = Kind::kByHand;
  keepsTokens.reset();
}

bool parseSignIn(bool isToken, std::string_view json, SignIn& signIn) {
  Json data = json.empty() ? Json::object() : parseGmcpJson(json);
  const Dismantled later(data);
  if (!data.is_object()) return false;
  SignIn read;
  read.keepsTokens = gmcpBool(data, "token_storage");
  const bool isRead = take(data, "account", kMaxSignInAccount, read.account) &&
                      take(data, isToken ? "token" : "password", kMaxSignInSecret, read.secret);
  if (!isRead) return false;
  const bool isComplete = !read.account.empty() && !read.secret.empty();
  if (isToken && !isComplete) return false;
  if (isComplete) read.kind = isToken ? SignIn::Kind::kToken : SignIn::Kind::kPassword;
  signIn = std::move(read);
  return true;
}

std::string loginDefault(uint32_t version) {
  const std::string suffix = version >= 2 ? ",\"version\":" + std::to_string(version) : std::string();
  return R"({"type":["password-credentials"])" + suffix + "}";
}

std::string loginResult(bool isSuccess, std::string_view message) {
  return R"({"message":)" + quoted(message) + R"(,"success":)" + (isSuccess ? "true}" : "false}");
}

std::string loginToken(std::string_view account, std::string_view token, bool isSecureOnly) {
  return R"({"account":)" + quoted(account) + R"(,"secure_only":)" + (isSecureOnly ? "true" : "false") +
         R"(,"token":)" + quoted(token) + "}";
}

}  // namespace gw::telnet
