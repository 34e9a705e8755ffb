#include "plugin/mapped_file.h"

#include <filesystem>
#include <fstream>
#include <string_view>

namespace gw::plugin {
namespace {

/// As the kernel writes it: one line, whatever the name.
std::string asInMaps(const std::string& path) {
  std::error_code problem;
  const std::string resolved = std::filesystem::weakly_canonical(path, problem).string();
  std::string name;
  for (const char c : problem ? path : resolved) {
    if (c == '\n')
      name += "\\012";
    else
      name += c;
  }
  return name;
}

}  // namespace

bool isCodeMapped(const std::string& path) {
  const std::string wanted = asInMaps(path);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    // "7f3236707000-7f323670b000 r-xp …": the fields before the name have no slash in them, and only rights an x.
    const size_t at = line.find('/');
    if (at == std::string::npos || line.find('x') >= at) continue;
    const std::string_view name = std::string_view(line).substr(at);
    if (name == wanted || name == wanted + " (deleted)") return true;
  }
  return false;
}

}  // namespace gw::plugin
