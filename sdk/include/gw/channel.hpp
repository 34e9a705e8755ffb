#ifndef GW_CHANNEL_HPP
#define GW_CHANNEL_HPP
// Channel: the plugin's side of one account ("telnet:default"). A class derived from it is a channel
// plugin once it has
//
//   static constexpr gw::sdk::Descriptor kDescriptor{.id = "echo", .name = "Echo", ...};
//   MyChannel(gw::sdk::HostInst inst, std::string_view options);   // [control]; throws Error to refuse
//   static void validate(std::string_view options);                // optional; pure; throws Error
//   static std::string_view configSchema();                        // optional; JSON Schema text
//
// and, so that its connections survive a reload of the plugin (docs/plugin-authors/migration.md),
//
//   static constexpr gw::sdk::StateSchema kState{.version = 1};    // and maxStateBytes in kDescriptor
//   std::unique_ptr<gw::sdk::Stream> restore(gw::sdk::HostConn conn, const gw_open_info& info,
//                                            gw::sdk::StateReader& in, uint64_t nowNs);   // [loop]
//
// restore is open for what a Stream::save wrote: it reads, calls setClass if the stream had, and sends nothing.
// It throws Error to refuse; the connection then stays where it was.
// and one source file says GW_PLUGIN(MyChannel) (gw/plugin.hpp). Derive from HttpRoutes too to be
// reached over HTTP. What [loop] and [encode] functions read must be immutable or atomic.

#include <concepts>
#include <memory>
#include <string>
#include <string_view>

#include "gw/encode.hpp"
#include "gw/health.h"
#include "gw/host.hpp"
#include "gw/plugin.h"
#include "gw/stream.hpp"

namespace gw::sdk {

struct Descriptor {
  std::string_view id;  // ^[a-z][a-z0-9-]{0,31}$; the channel's name in configuration
  std::string_view name;
  std::string_view vendor;
  std::string_view version;
  std::string_view license;
  uint32_t unloadPolicy = GW_UNLOAD_SAFE;
  uint32_t maxStateBytes = 0;  // the longest state of a connection; its end is one byte
};

/// Connections of the channel can move to another generation; see above.
template <class C>
concept Migrates = requires {
  { C::kState } -> std::convertible_to<StateSchema>;
};

struct HealthReport {
  uint32_t level = GW_HEALTH_OK;
  std::string text{};
};

class Channel {
 public:
  explicit Channel(HostInst inst) : inst_(inst) {}
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// [loop] A new connection. Call setClass soon (events wait for it) and hello once the client is
  /// known; the host says hello(NEW) itself after 1.5 s. Null or a throw refuses the connection.
  virtual std::unique_ptr<Stream> open(HostConn conn, const gw_open_info& info, uint64_t nowNs) = 0;
  /// [encode] The body of an event for one class: pure, the same inputs give the same bytes.
  /// GW_E_UNSUPPORTED skips the event for this class.
  virtual gw_status encode(std::string_view classDescription, const EventView& event, Builder& out) const = 0;

  /// [control], all of the following.
  virtual void start() {}
  /// GW_RECONF_*; by default the account is made anew.
  virtual int32_t reconfigure(std::string_view /*options*/) { return GW_RECONF_NEEDS_RECREATE; }
  virtual void drain(uint64_t /*deadlineMs*/) {}
  virtual void stop() {}
  /// Exercises the codec without I/O; throws Error if something is wrong. Also run in the probe.
  virtual void selftest() const {}
  virtual HealthReport report() const { return {}; }

 protected:
  HostInst inst() const noexcept { return inst_; }

 private:
  HostInst inst_;
};

}  // namespace gw::sdk
#endif  // GW_CHANNEL_HPP
