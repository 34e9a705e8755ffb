#include "gopher_channel.h"

#include "gopher_stream.h"

namespace gopher {

using gw::sdk::EventView;
using gw::sdk::HostConn;

Metrics::Metrics(gw::sdk::HostInst inst)
    : requests(inst, GW_METRIC_COUNTER, "gopher_requests_total", "Requests that were answered."),
      refused(inst, GW_METRIC_COUNTER, "gopher_refused_total", "Requests too long, or for nothing that is here.") {}

GopherChannel::GopherChannel(gw::sdk::HostInst inst, std::string_view options)
    : Channel(inst), options_(parseOptions(options)), metrics_(inst) {}

std::unique_ptr<gw::sdk::Stream> GopherChannel::open(HostConn conn, const gw_open_info& info, uint64_t /*nowNs*/) {
  return std::make_unique<GopherStream>(conn, options_, metrics_, options_.placeFor(gw::sdk::view(info.local_h)));
}

std::unique_ptr<gw::sdk::Stream> GopherChannel::restore(HostConn conn, const gw_open_info& info,
                                                        gw::sdk::StateReader& in, uint64_t /*nowNs*/) {
  auto stream =
      std::make_unique<GopherStream>(conn, options_, metrics_, options_.placeFor(gw::sdk::view(info.local_h)));
  stream->restore(in);
  return stream;
}

gw_status GopherChannel::encode(std::string_view classDescription, const EventView& event,
                                gw::sdk::Builder& out) const {
  // A prompt is no line of a document: gopher has its own way to ask.
  if (!event.isText() || event.text().empty() || classDescription == kQuiet.description) return GW_E_UNSUPPORTED;
  if (!codeOf(event).empty()) return GW_OK;  // nothing to see: wrap puts it into the next item
  return out.append(classDescription == kMenu.description ? infoLines(event.text()) : textLines(event.text()));
}

void GopherChannel::selftest() const {
  if (textLines(".a\n\x1b") != "..a\r\n \r\n") throw gw::sdk::Error("texts are written wrongly", GW_E_INTERNAL);
  if (parseRequest("/a\tb\t+").query != "b") throw gw::sdk::Error("requests are read wrongly", GW_E_INTERNAL);
}

}  // namespace gopher
