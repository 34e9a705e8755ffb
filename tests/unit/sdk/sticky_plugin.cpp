// All that keeps a library mapped for ever if it is built carelessly: inline statics, std tags with
// unique linkage, std::regex.
#include <memory>
#include <regex>

#include "gw/plugin.hpp"

namespace {

inline int& counter() {
  static int value = 0;
  return value;
}

class StickyChannel : public gw::sdk::Channel {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{
      .id = "sticky", .name = "Sticky", .vendor = "Gatehouse", .version = GW_PLUGIN_VERSION, .license = "none"};

  StickyChannel(gw::sdk::HostInst inst, std::string_view options) : Channel(inst) {
    if (std::regex_search(std::string(options), std::regex("refuse"))) throw gw::sdk::Error("refused");
    shared_ = std::make_shared<int>(++counter());
  }
  std::unique_ptr<gw::sdk::Stream> open(gw::sdk::HostConn conn, const gw_open_info&, uint64_t) override {
    return std::make_unique<gw::sdk::Stream>(conn);
  }
  gw_status encode(std::string_view, const gw::sdk::EventView& event, gw::sdk::Builder& out) const override {
    return out.append(event.text());
  }

 private:
  std::shared_ptr<int> shared_;
};

}  // namespace

GW_PLUGIN(StickyChannel);
