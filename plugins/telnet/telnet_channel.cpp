#include "telnet_channel.h"

#include "renderer.h"
#include "telnet_stream.h"

namespace gw::telnet {
namespace {

// Superseded configurations are kept until the account is made anew; this bounds them.
constexpr size_t kMaxConfigs = 64;

}  // namespace

TelnetMetrics::TelnetMetrics(sdk::HostInst inst)
    : linesCut(inst, GW_METRIC_COUNTER, "telnet_lines_cut_total", "Lines cut at 4096 bytes."),
      subnegotiationsDiscarded(inst, GW_METRIC_COUNTER, "telnet_subnegotiations_discarded_total",
                               "Sub-negotiations over 16 KiB, discarded."),
      rateLimited(inst, GW_METRIC_COUNTER, "telnet_rate_limited_total",
                  "Connections closed for too many telnet commands."),
      gmcpIgnored(inst, GW_METRIC_COUNTER, "telnet_gmcp_ignored_total",
                  "GMCP messages of packages that are not spoken here, or with data that could not be used.") {}

TelnetChannel::TelnetChannel(sdk::HostInst inst, std::string_view options) : Channel(inst), metrics_(inst) {
  configs_.push_back(std::make_unique<const TelnetConfig>(TelnetConfig::parse(options)));
  config_ = configs_.back().get();
}

std::unique_ptr<sdk::Stream> TelnetChannel::open(sdk::HostConn conn, const gw_open_info& /*info*/, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<TelnetStream>(conn, *config_.load(std::memory_order_acquire), metrics_);
  stream->start();
  return stream;
}

std::unique_ptr<sdk::Stream> TelnetChannel::restore(sdk::HostConn conn, const gw_open_info& /*info*/,
                                                    sdk::StateReader& in, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<TelnetStream>(conn, *config_.load(std::memory_order_acquire), metrics_);
  stream->restore(in);
  return stream;
}

gw_status TelnetChannel::encode(std::string_view classDescription, const sdk::EventView& event,
                                sdk::Builder& out) const {
  const bool switchesEcho = event.has(GW_EVENT_ECHO_ON) || event.has(GW_EVENT_ECHO_OFF);
  if (!event.isText() && !event.isPrompt()) {
    return switchesEcho ? static_cast<gw_status>(GW_OK) : static_cast<gw_status>(GW_E_UNSUPPORTED);
  }
  const RenderClass cls = RenderClass::parse(classDescription);
  if (isForTerminals(event, cls)) return out.append(doubled(event.terminal()));
  std::string body = render(event.text(), event.spans(), cls);
  const bool isOnlyASwitch = switchesEcho && event.text().empty();
  if (event.isText() && !isOnlyASwitch) body += "\r\n";
  return out.append(body);
}

int32_t TelnetChannel::reconfigure(std::string_view options) {
  auto next = std::make_unique<const TelnetConfig>(TelnetConfig::parse(options));
  if (configs_.size() >= kMaxConfigs) return GW_RECONF_NEEDS_RECREATE;
  configs_.push_back(std::move(next));
  config_.store(configs_.back().get(), std::memory_order_release);
  return GW_RECONF_APPLIED;
}

void TelnetChannel::selftest() const {
  TelnetCodec codec;
  std::string out;
  codec.start({}, out);
  static constexpr char kInput[] = "\xff\xfb\x18\xff\xfa\x18\0Probe\xff\xf0hello";
  const std::string_view bytes(kInput, sizeof(kInput) - 1);
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    TelnetCodec::Step step;
    at += codec.next(bytes.substr(at), step, out);
    text += step.text;
  }
  if (text != "hello") throw sdk::Error("the telnet codec lost text", GW_E_INTERNAL);
  const gw_span span{0, 1, GW_COLOR_RGB(0xff0000), 0, 0, {nullptr, 0}};
  if (render("a\xc3\xbf", {&span, 1}, {ColorLevel::k16, Charset::kLatin1, false}) != "\x1b[91ma\x1b[0m\xff\xff") {
    throw sdk::Error("the telnet renderer is wrong", GW_E_INTERNAL);
  }
}

}  // namespace gw::telnet
