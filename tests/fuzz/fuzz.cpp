#include "fuzz.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "targets.h"

namespace gw::fuzz {

void fail(const std::string& what) {
  std::fprintf(stderr, "a promise is broken: %s\n", what.c_str());
  std::abort();
}

std::span<const Target> targets() {
  static const std::vector<Target> all = [] {
    std::vector<Target> both = channelTargets();
    both.insert(both.end(), parserTargets().begin(), parserTargets().end());
    both.insert(both.end(), linkTargets().begin(), linkTargets().end());
    return both;
  }();
  return all;
}

const Target* findTarget(std::string_view name) {
  const auto all = targets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Target& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace gw::fuzz
