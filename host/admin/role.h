#pragma once
// Who may do what on the admin API. Each role includes the ones before it.

#include <optional>
#include <string>
#include <string_view>

namespace gw::admin {

enum class Role { kNone, kView, kOperate, kAdmin };

const char* toString(Role role);  // "none", "view", "operate", "admin"
/// Nothing for any other text, "none" included: nobody can be given it.
std::optional<Role> parseRole(std::string_view text);

}  // namespace gw::admin
