#pragma once
// A folder of mode 0700 that is gone at the end of the test.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace gw::store {

struct TempFolder {
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gw-store-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string file(const std::string& name = "gateway.db") const { return path + "/" + name; }
  std::string path;
};

}  // namespace gw::store
