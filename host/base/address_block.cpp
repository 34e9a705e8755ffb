#include "base/address_block.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gw {

std::optional<AddressBlock::Address> AddressBlock::parseAddress(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = "";
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  const bool isIpv6 = text.find(':') != std::string_view::npos;
  Address out;
  out.bytes = isIpv6 ? 16 : 4;
  if (inet_pton(isIpv6 ? AF_INET6 : AF_INET, terminated, out.value.data()) != 1) return std::nullopt;
  return out;
}

std::optional<AddressBlock> AddressBlock::parse(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parseAddress(text.substr(0, slash));
  if (!address) return std::nullopt;
  AddressBlock out;
  out.address_ = *address;
  const auto width = static_cast<uint32_t>(8 * address->bytes);
  out.bits_ = width;
  if (slash == std::string_view::npos) return out;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, out.bits_);
  if (parsed.ec != std::errc{} || parsed.ptr != end || out.bits_ > width) return std::nullopt;
  return out;
}

bool AddressBlock::contains(const Address& address) const {
  if (address.bytes != address_.bytes) return false;
  const size_t whole = bits_ / 8;
  if (std::memcmp(address.value.data(), address_.value.data(), whole) != 0) return false;
  const uint32_t rest = bits_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (address.value[whole] & mask) == (address_.value[whole] & mask);
}

bool AddressBlock::contains(std::string_view address) const {
  const auto parsed = parseAddress(address);
  return parsed && contains(*parsed);
}

AddressBlocks::AddressBlocks(const std::vector<std::string>& texts) {
  for (const std::string& text : texts)
    if (auto block = AddressBlock::parse(text)) blocks_.push_back(*block);
}

bool AddressBlocks::contains(std::string_view address) const {
  if (blocks_.empty()) return false;
  const auto parsed = AddressBlock::parseAddress(address);
  return parsed && std::any_of(blocks_.begin(), blocks_.end(),
                               [&](const AddressBlock& block) { return block.contains(*parsed); });
}

}  // namespace gw
