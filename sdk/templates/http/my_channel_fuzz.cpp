// A libFuzzer target: whatever stands in a request, in an event's payload or in a state. Nothing may crash, and an
// event is always one line.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "gw/plugin.hpp"
#include "my_channel.h"
#include "testing/fake_host.h"

using gw::testing::FakeEvent;

namespace {

/// The text up to the next line end.
std::string_view takeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void answersRequests(gw::testing::FakeHost& host, std::string_view rest) {
  const std::string_view query = takeLine(rest);
  const gw::testing::Headers headers{{"authorization", std::string(takeLine(rest))},
                                     {"content-type", "application/json"}};
  const auto call = host.request("POST", "/my-channel/rpc", query, headers, rest);
  if (call->result == GW_HTTP_DEFER) call->answer(GW_OK, 200, rest);
  const auto request = host.request("GET", "/my-channel/events", query, headers);
  if (request->result != GW_HTTP_DEFER) return;
  request->answer(GW_OK, 200);
  const auto stream = request->openStream({.isBound = true});
  if (stream == nullptr) std::abort();
  stream->deliver(FakeEvent::data("output", std::string(rest)), 1);
  if (stream->sent().find('\n') != stream->sent().size() - 1) std::abort();
}

void adoptsOrRefuses(gw::testing::FakeHost& host, std::string_view state) {
  const auto stream = host.adopt(MyChannel::kState.version, state);
  if (stream == nullptr) return;
  stream->deliver(FakeEvent::data("output", "{}"), 1);
  host.advance(60'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  gw::testing::FakeHost host(gw::sdk::pluginTable<MyChannel>());
  if (!host.ok()) std::abort();
  answersRequests(host, input);
  adoptsOrRefuses(host, input);
  return 0;
}
