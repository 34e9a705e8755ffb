#include "plugin/library.h"

#include <dlfcn.h>

#include <atomic>
#include <utility>

#include "base/log.h"
#include "plugin/mapped_file.h"

namespace gw::plugin {
namespace {

std::atomic<uint64_t> leakedCount{0};

std::string loaderError() {
  const char* text = ::dlerror();
  return text != nullptr ? text : "unknown reason";
}

}  // namespace

const char* toString(LibraryEnd end) {
  switch (end) {
    case LibraryEnd::kUnloaded:
      return "unloaded";
    case LibraryEnd::kLeaked:
      return "leaked";
    case LibraryEnd::kKept:
      return "kept";
  }
  return "unloaded";
}

Result<std::unique_ptr<Library>> Library::open(const std::string& path) {
  if (void* present = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD)) {
    ::dlclose(present);
    return fail(ErrorCode::kConflict, "library \"" + path + "\" is loaded already");
  }
  void* handle = nullptr;
  try {
    handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // runs the library's constructors
  } catch (...) {
    return fail(ErrorCode::kInvalid, "library \"" + path + "\" threw while it was loaded");
  }
  if (handle == nullptr) return fail(ErrorCode::kInvalid, "cannot load the library: " + loaderError());
  return std::unique_ptr<Library>(new Library(path, handle));
}

LibraryEnd Library::close() {
  if (handle_ == nullptr) return end_;
  void* const handle = std::exchange(handle_, nullptr);
  if (keepLoaded_) return end_ = LibraryEnd::kKept;
  ::dlclose(handle);
  if (void* present = ::dlopen(path_.c_str(), RTLD_LAZY | RTLD_NOLOAD)) {
    ::dlclose(present);
  } else if (!isCodeMapped(path_)) {
    return end_;
  }
  leakedCount.fetch_add(1, std::memory_order_relaxed);
  log::warn("plugin", "a library is still mapped after its unloading; its memory stays until the gateway ends",
            {{"library", path_}});
  return end_ = LibraryEnd::kLeaked;
}

void* Library::symbol(const char* name) const { return ::dlsym(handle_, name); }

uint64_t Library::leaked() { return leakedCount.load(std::memory_order_relaxed); }

}  // namespace gw::plugin
