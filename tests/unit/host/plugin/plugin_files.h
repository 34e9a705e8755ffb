#pragma once
// For tests that load plugins: fresh copies of the test plugins in a folder of their own (so that the
// build folder's mode does not matter), and a gw_host that records what plugins tell it.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "gw/host.h"

namespace gw::test {

/// Messages that plugins logged, with the account's address as they were given it.
class RecordingHost {
 public:
  RecordingHost() {
    base_.struct_size = sizeof(base_);
    base_.log = &record;
    host_.struct_size = sizeof(host_);
    host_.abi_version = GW_ABI_VERSION;
    host_.base = &base_;
    said().clear();
  }
  const gw_host& table() const { return host_; }
  static std::vector<std::string> messages() {
    std::lock_guard lock(mutex());
    return said();
  }
  static long count(const std::string& message) {
    const auto all = messages();
    return std::count(all.begin(), all.end(), message);
  }

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  static std::vector<std::string>& said() {
    static std::vector<std::string> instance;
    return instance;
  }
  static void record(gw_host_inst*, int32_t, gw_slice message, const gw_log_field*, size_t) {
    std::lock_guard lock(mutex());
    said().emplace_back(message.ptr, message.len);
  }
  gw_host_base base_{};
  gw_host host_{};
};

class PluginFolder {
 public:
  PluginFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gw-plugins-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    root_ = pattern;
    ::mkdir(dir().c_str(), 0755);
    ::mkdir(copies().c_str(), 0700);
  }
  ~PluginFolder() { std::filesystem::remove_all(root_); }

  const std::string& root() const { return root_; }
  std::string dir() const { return root_ + "/plugins"; }
  std::string copies() const { return root_ + "/generations"; }

  /// Puts the test plugin `name` there and returns its path.
  std::string place(const std::string& name, mode_t mode = 0644) const { return placeAs(name, name + ".so", mode); }
  std::string placeAs(const std::string& name, const std::string& file, mode_t mode = 0644) const {
    const std::string path = dir() + "/" + file;
    std::filesystem::copy_file(std::string(GW_TEST_PLUGIN_DIR) + "/" + name + ".so", path);
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string write(const std::string& file, const std::string& bytes) const {
    const std::string path = dir() + "/" + file;
    std::ofstream(path) << bytes;
    ::chmod(path.c_str(), 0644);
    return path;
  }
  size_t copiesLeft() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(copies())) ++count;
    return count;
  }

 private:
  std::string root_;
};

inline std::string readFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline bool isMapped(const std::string& part) { return readFile("/proc/self/maps").find(part) != std::string::npos; }

}  // namespace gw::test
