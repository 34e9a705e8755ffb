#pragma once
// A run of logged events as one blob: version byte 1, then per event epoch (8), seq (8), length (4), all
// little-endian, and the body.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/records.h"

namespace gw::store {

std::string packEvents(const std::vector<LoggedEvent>& events);
/// Appends to out. Fails kInternal if the blob is not what packEvents() makes.
Result<void> unpackEvents(std::string_view packed, std::vector<LoggedEvent>& out);

}  // namespace gw::store
