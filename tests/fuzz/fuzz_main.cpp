// The program for libFuzzer; scripts/fuzz.sh runs it. One for all targets:
//   GW_FUZZ_TARGET  which one
//   GW_FUZZ_SEEDS   a folder: its seeds are written there, and nothing is tried
//   GW_FUZZ_LIST    set: prints the names

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "fuzz.h"

namespace {

const gw::fuzz::Target* target = nullptr;

void writeSeeds(const std::string& folder) {
  int number = 0;
  for (const std::string& seed : target->seeds()) {
    const std::string path = folder + "/seed-" + std::to_string(++number);
    std::ofstream file(path, std::ios::binary);
    file << seed;
    file.close();
    if (!file) std::fprintf(stderr, "cannot write %s\n", path.c_str()), std::exit(2);
  }
  std::exit(0);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  if (std::getenv("GW_FUZZ_LIST") != nullptr) {
    for (const auto& each : gw::fuzz::targets()) std::printf("%s\n", each.name);
    std::exit(0);
  }
  const char* name = std::getenv("GW_FUZZ_TARGET");
  target = gw::fuzz::findTarget(name == nullptr ? "" : name);
  if (target == nullptr) std::fprintf(stderr, "GW_FUZZ_TARGET: no such target\n"), std::exit(2);
  if (const char* folder = std::getenv("GW_FUZZ_SEEDS")) writeSeeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  target->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
