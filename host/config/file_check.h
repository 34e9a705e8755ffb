#pragma once
// Who may have written a file: the configuration decides which libraries are loaded and which files
// are read, so it must come from this user or root alone.

#include <string>

namespace gw::config {

/// The content of a regular file of at most kMaxDocumentBytes that only this process's user and root can write (nor
/// replace: its folder is checked as well). A group that has no member but the owner counts as the owner. Throws
/// ConfigError with what to do.
std::string readTrustedFile(const std::string& file);

/// Throws ConfigError if the secret in `file` can be read by everyone. A file that is absent passes:
/// whoever opens it reports that.
void refuseReadableSecret(const std::string& file, const std::string& where);

}  // namespace gw::config
