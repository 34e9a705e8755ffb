#include "admin/role.h"

namespace gw::admin {

const char* toString(Role role) {
  switch (role) {
    case Role::kView:
      return "view";
    case Role::kOperate:
      return "operate";
    case Role::kAdmin:
      return "admin";
    case Role::kNone:
      break;
  }
  return "none";
}

std::optional<Role> parseRole(std::string_view text) {
  for (const Role role : {Role::kView, Role::kOperate, Role::kAdmin}) {
    if (text == toString(role)) return role;
  }
  return std::nullopt;
}

}  // namespace gw::admin
