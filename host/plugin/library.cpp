#include "plugin/library.h"

#include <dlfcn.h>

#include <atomic>
#include <fstream>

#include "base/log.h"

namespace gw::plugin {
namespace {

std::atomic<uint64_t> leakedCount{0};

std::string loaderError() {
  const char* text = ::dlerror();
  return text != nullptr ? text : "unknown reason";
}

}  // namespace

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

Library::~Library() {
  if (keepLoaded_) return;
  ::dlclose(handle_);
  if (void* present = ::dlopen(path_.c_str(), RTLD_LAZY | RTLD_NOLOAD)) {
    ::dlclose(present);
  } else if (!isMapped()) {
    return;
  }
  leakedCount.fetch_add(1, std::memory_order_relaxed);
  log::warn("plugin", "a library is still mapped after its unloading; its memory stays until the gateway ends",
            {{"library", path_}});
}

void* Library::symbol(const char* name) const { return ::dlsym(handle_, name); }

uint64_t Library::leaked() { return leakedCount.load(std::memory_order_relaxed); }

bool Library::isMapped() const {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(path_) != std::string::npos) return true;
  }
  return false;
}

}  // namespace gw::plugin
