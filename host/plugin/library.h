#pragma once
// Library: a loaded shared object, and the proof that it went away again.
//
// dlopen is called directly: Poco::SharedLibrary only knows RTLD_LAZY, and a plugin whose symbols do
// not resolve must fail while it is loaded, not in the middle of a callback.
// Thread: [control].

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace gw::plugin {

/// What became of a library.
enum class LibraryEnd { kUnloaded, kLeaked, kKept };  // kKept: as it wished (GW_UNLOAD_NEVER)
const char* toString(LibraryEnd end);                 // "unloaded", "leaked", "kept"

class Library {
 public:
  /// RTLD_NOW | RTLD_LOCAL. path must be absolute and never loaded before in this process (a fresh
  /// copy). Fails: kInvalid with the loader's reason, kConflict if the path is loaded already.
  static Result<std::unique_ptr<Library>> open(const std::string& path);
  ~Library() { close(); }
  Library(const Library&) = delete;

  /// Unloads it; a second call answers the same. One that stays mapped is counted as leaked and logged, never fatal.
  LibraryEnd close();
  void* symbol(const char* name) const;
  /// The plugin's wish (GW_UNLOAD_NEVER): it stays mapped, and is not counted as leaked.
  void keepLoaded() { keepLoaded_ = true; }

  static uint64_t leaked();  // any thread

 private:
  Library(std::string path, void* handle) : path_(std::move(path)), handle_(handle) {}

  std::string path_;
  void* handle_;
  bool keepLoaded_ = false;
  LibraryEnd end_ = LibraryEnd::kUnloaded;  // once handle_ is null
};

}  // namespace gw::plugin
