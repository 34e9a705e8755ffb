// Every seed of the fuzz targets, and every input that was found and kept in tests/fuzz/corpus/TARGET/, is tried
// again, also cut off. A broken promise ends this program; the test that ran names the target.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz.h"

namespace gw::fuzz {
namespace {

std::string readFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FuzzCorpus : public ::testing::TestWithParam<Target> {};

}  // namespace

TEST_P(FuzzCorpus, HoldsWhatWasFound) {
  const Target& target = GetParam();
  size_t tried = 0;
  for (const std::string& seed : target.seeds()) {
    const size_t step = 1 + seed.size() / 16;
    for (size_t length = 0; length < seed.size(); length += step) target.run(std::string_view(seed).substr(0, length));
    target.run(seed);
    ++tried;
  }
  const std::filesystem::path folder = std::filesystem::path(GW_FUZZ_CORPUS) / target.name;
  if (std::filesystem::exists(folder)) {
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      SCOPED_TRACE(file.path().string());
      target.run(readFile(file.path()));
      ++tried;
    }
  }
  EXPECT_GT(tried, 0u);
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, ::testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace gw::fuzz
