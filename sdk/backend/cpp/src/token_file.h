#pragma once
#include <string>

namespace gw::backend {

/// The token in the file, without spaces around it.
/// Throws std::runtime_error: unreadable, empty, or readable by others than its owner.
std::string readTokenFile(const std::string& path);

}  // namespace gw::backend
