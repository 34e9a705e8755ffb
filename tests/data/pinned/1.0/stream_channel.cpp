#include "stream_channel.h"

namespace {

using gw::sdk::Consumed;
using gw::sdk::EventView;
using gw::sdk::HostConn;

constexpr size_t kMaxLine = 4096;  // whatever a peer can grow has a bound
constexpr uint64_t kHelloToken = 1;
constexpr uint64_t kOnlyClass = 1;  // bodies depend on nothing here: one class for all connections

class StreamLine : public gw::sdk::Stream {
 public:
  using Stream::Stream;

  /// A new connection.
  void start() {
    setClass();
    conn().hello(kHelloToken, {.caps = GW_CAP_TERMINAL | GW_CAP_UTF8});
  }
  /// A connection that comes from another generation of this plugin.
  void restore(gw::sdk::StateReader& in) {
    fields(*this, in);
    setClass();
  }
  gw::sdk::MoveAnswer quiesce() override { return gw::sdk::MoveAnswer::ready(); }
  void save(gw::sdk::StateWriter& out) const override { fields(*this, out); }

  Consumed onData(std::string_view bytes, uint64_t /*nowNs*/) override {
    size_t used = 0;
    while (true) {
      const size_t end = bytes.find('\n', used);
      if (end == std::string_view::npos) break;
      // AGAIN: not now. What is not consumed is offered again, so the line is not lost.
      if (conn().submitLine(bytes.substr(used, end - used)) == GW_E_AGAIN) return used;
      used = end + 1;
      isAtPrompt_ = false;
    }
    if (bytes.size() - used > kMaxLine) return {used, GW_E_PROTO};
    return used;
  }

  void onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) override {
    conn().send(std::string(isAtPrompt_ ? "\n" : "") + std::string(gw::sdk::view(info.text_h)) + "\n");
    conn().close(info.code);
  }

  gw_status wrap(const EventView& event, uint64_t /*epoch*/, uint64_t /*seq*/, size_t bodyLength,
                 gw::sdk::Wrap& out) override {
    if (isAtPrompt_ && bodyLength > 0) out.head("\n");  // output never runs into a prompt
    isAtPrompt_ = event.isPrompt() && bodyLength > 0;
    return GW_OK;
  }

 private:
  /// All that a connection remembers. A new member that matters is a new tag here.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.flag(1, "isAtPrompt", self.isAtPrompt_);
  }
  void setClass() { conn().setClass(kOnlyClass, GW_CLASS_TEXT_ONLY | GW_CLASS_REPROMPT, "plain"); }

  bool isAtPrompt_ = false;
};

}  // namespace

StreamChannel::StreamChannel(gw::sdk::HostInst inst, std::string_view /*options*/) : Channel(inst) {}

std::unique_ptr<gw::sdk::Stream> StreamChannel::open(HostConn conn, const gw_open_info& /*info*/, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<StreamLine>(conn);
  stream->start();
  return stream;
}

std::unique_ptr<gw::sdk::Stream> StreamChannel::restore(HostConn conn, const gw_open_info& /*info*/,
                                                        gw::sdk::StateReader& in, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<StreamLine>(conn);
  stream->restore(in);
  return stream;
}

gw_status StreamChannel::encode(std::string_view /*classDescription*/, const EventView& event,
                                gw::sdk::Builder& out) const {
  out.append(event.text());
  return event.isText() ? out.append("\n") : static_cast<gw_status>(GW_OK);
}
