#pragma once
// Where what comes with the program lies: as `cmake --install` lays it out, or as a build does.

#include <filesystem>
#include <string>
#include <system_error>

namespace gw {

/// The folder ../installed if it is there, else ../built, both as seen from the program's folder.
inline std::string besideProgram(const std::string& programDir, const std::string& installed,
                                 const std::string& built) {
  std::error_code ignored;
  const std::string path = programDir + "/../" + installed;
  return std::filesystem::is_directory(path, ignored) ? path : programDir + "/../" + built;
}

inline std::string pluginsBeside(const std::string& programDir) {
  return besideProgram(programDir, "lib/gatehouse/plugins", "plugins");
}
inline std::string webBeside(const std::string& programDir) {
  return besideProgram(programDir, "share/gatehouse/web", "web");
}

}  // namespace gw
