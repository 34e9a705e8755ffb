#pragma once
// IP address blocks: what bans, exemptions and trusted proxies are written as.
//
// Addresses are texts as net::PeerAddress shows them: IPv4 dotted, IPv6 without brackets or zone,
// IPv4-mapped IPv6 as IPv4.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw {

/// "10.0.0.0/8", "2001:db8::/32", or one address. An immutable value.
class AddressBlock {
 public:
  /// Strict: nothing if it is anything else. Bits behind the prefix are not looked at.
  static std::optional<AddressBlock> parse(std::string_view text);
  /// False also for what is no address.
  bool contains(std::string_view address) const;

 private:
  friend class AddressBlocks;
  struct Address {
    size_t bytes = 0;  // 4 or 16
    std::array<uint8_t, 16> value{};
  };
  static std::optional<Address> parseAddress(std::string_view text);
  bool contains(const Address& address) const;

  Address address_;
  uint32_t bits_ = 0;
};

class AddressBlocks {
 public:
  AddressBlocks() = default;
  /// Texts that are no blocks are left out: whoever takes them in checks them.
  explicit AddressBlocks(const std::vector<std::string>& texts);
  bool contains(std::string_view address) const;
  bool isEmpty() const { return blocks_.empty(); }

 private:
  std::vector<AddressBlock> blocks_;
};

}  // namespace gw
