#pragma once
// The tables that targets() puts together.

#include <vector>

#include "fuzz.h"

namespace gw::fuzz {

const std::vector<Target>& channelTargets();
const std::vector<Target>& parserTargets();
const std::vector<Target>& linkTargets();

}  // namespace gw::fuzz
