// Channel "asking": passes on what a client types to one host function each, and shows every answer as
// "answer TOKEN STATUS JSON". For tests of what the host promises about hello and submit.
//
//   new | resume CREDENTIAL   hello        #N TEXT   a command numbered N, by token 100 + N        TEXT   a line
#include <cstdlib>
#include <string>
#include <string_view>

#include "gw/plugin.hpp"

namespace {

using gw::sdk::Consumed;
using gw::sdk::EventView;
using gw::sdk::HostConn;

class AskingStream : public gw::sdk::Stream {
 public:
  explicit AskingStream(HostConn conn) : Stream(conn) { conn.setClass(1, 0, "plain"); }

  Consumed onData(std::string_view bytes, uint64_t) override {
    size_t used = 0;
    for (size_t end; (end = bytes.find('\n', used)) != std::string_view::npos; used = end + 1) {
      if (ask(bytes.substr(used, end - used)) == GW_E_AGAIN) break;
    }
    return used;
  }
  void onEvent(uint64_t token, gw_status status, std::string_view json) override {
    conn().send("answer " + std::to_string(token) + " " + std::to_string(status) + " " + std::string(json) + "\n");
  }

 private:
  gw_status ask(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line == "new") return hello(GW_HELLO_NEW, {});
    if (line.substr(0, 7) == "resume ") return hello(GW_HELLO_RESUME, line.substr(7));
    if (line == "unknown") return said(hello(99, {}));
    if (line.empty() || line[0] != '#') return conn().submitLine(line, 7);
    const uint64_t number = std::strtoull(std::string(line.substr(1)).c_str(), nullptr, 10);
    return said(conn().submitCommand(number, line.substr(line.find(' ') + 1), 100 + number));
  }
  gw_status hello(uint32_t mode, std::string_view credential) {
    return conn().hello(1, {.mode = mode, .credential = credential, .device = "asker", .attempt = "once"});
  }
  /// What a host function said at once, if it was not that it will answer.
  gw_status said(gw_status status) {
    if (status != GW_OK && status != GW_E_AGAIN) conn().send("at once " + std::to_string(status) + "\n");
    return status;
  }
};

class AskingChannel : public gw::sdk::Channel {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{
      .id = "asking", .name = "Asking", .vendor = "tests", .version = "1.0.0", .license = "Apache-2.0"};
  AskingChannel(gw::sdk::HostInst inst, std::string_view) : Channel(inst) {}
  std::unique_ptr<gw::sdk::Stream> open(HostConn conn, const gw_open_info&, uint64_t) override {
    return std::make_unique<AskingStream>(conn);
  }
  gw_status encode(std::string_view, const EventView& event, gw::sdk::Builder& out) const override {
    out.append(event.text());
    return out.append("\n");
  }
};

}  // namespace

GW_PLUGIN(AskingChannel);
