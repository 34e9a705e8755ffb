// Preloaded into a program (LD_PRELOAD): counts its calls of fsync and fdatasync in the 8 bytes of the file
// that GW_SYNC_COUNT names, and makes them.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

std::atomic<uint64_t>* counter() {
  static auto* const shared = []() -> std::atomic<uint64_t>* {
    const char* file = std::getenv("GW_SYNC_COUNT");
    const int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return nullptr;
    void* mapped = mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return mapped == MAP_FAILED ? nullptr : static_cast<std::atomic<uint64_t>*>(mapped);
  }();
  return shared;
}

int counted(const char* name, int fd) {
  if (auto* calls = counter()) calls->fetch_add(1);
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) { return counted("fsync", fd); }
extern "C" int fdatasync(int fd) { return counted("fdatasync", fd); }
