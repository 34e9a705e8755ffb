#include "soak/mix.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace gw::bench {
namespace {

size_t wireOf(const std::string& name) {
  for (size_t wire = 0; wire < kWires; ++wire)
    if (name == nameOf(static_cast<Wire>(wire))) return wire;
  throw std::invalid_argument("no kind of client is called \"" + name +
                              "\"; there are telnet, telnet-tls, websocket, terminal and sse");
}

uint32_t shareOf(const std::string& part, size_t colon) {
  uint32_t share = 0;
  const char* const end = part.data() + part.size();
  const auto parsed = std::from_chars(part.data() + std::min(colon + 1, part.size()), end, share);
  if (colon == std::string::npos || parsed.ec != std::errc{} || parsed.ptr != end || share > 1'000'000)
    throw std::invalid_argument("expected KIND:SHARE, as in telnet:3, not \"" + part + "\"");
  return share;
}

}  // namespace

uint32_t SoakMix::all() const { return std::accumulate(std::begin(of), std::end(of), 0u); }

SoakMix mixOf(const std::string& shares, uint32_t clients) {
  SoakMix parts;
  std::istringstream text(shares);
  for (std::string part; std::getline(text, part, ',');) {
    const size_t colon = part.find(':');
    parts.of[wireOf(part.substr(0, colon))] = shareOf(part, colon);
  }
  const uint64_t whole = parts.all();
  if (whole == 0) throw std::invalid_argument("a mix has at least one client");
  SoakMix mix;
  uint64_t share = 0;
  for (size_t wire = 0; wire < kWires; ++wire) {
    const uint64_t before = clients * share / whole;
    share += parts.of[wire];
    mix.of[wire] = static_cast<uint32_t>(clients * share / whole - before);
  }
  return mix;
}

}  // namespace gw::bench
