#pragma once
// The C function tables that plugins call (gw/host.h), over Stream and Request.

#include <string>

#include "gw/host.h"

namespace gw::plugin {

/// Static storage.
const gw_host& hostTable();

/// A gw_builder is the string that a body is written to.
inline gw_builder* asBuilder(std::string& out) { return reinterpret_cast<gw_builder*>(&out); }

}  // namespace gw::plugin
