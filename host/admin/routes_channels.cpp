#include <algorithm>
#include <charconv>

#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

Reply list(Call& call) { return listReply(call.port.channels(), channelJson); }
Reply show(Call& call) { return itemReply(call.port.channel(call.args[0]), channelJson); }
Reply start(Call& call) { return itemReply(call.port.startChannel(call.args[0]), operationJson, 202); }
Reply stop(Call& call) { return itemReply(call.port.stopChannel(call.args[0]), operationJson, 202); }
Reply operations(Call& call) { return listReply(call.port.operations(), operationJson); }

Reply operation(Call& call) {
  uint64_t waitMs = 0;
  const std::string text = queryText(call, "waitMs");
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, waitMs);
  if (!text.empty() && (parsed.ec != std::errc{} || parsed.ptr != end)) {
    return errorReply(fail(ErrorCode::kInvalid, "waitMs: expected milliseconds"));
  }
  waitMs = std::min<uint64_t>(waitMs, static_cast<uint64_t>(kLongestWait.count()));
  return itemReply(call.port.operation(call.args[0], waitMs), operationJson);
}

}  // namespace

void addChannelRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/channels", Role::kView, list});
  routes.push_back({"GET", "/v1/channels/{}", Role::kView, show});
  routes.push_back({"POST", "/v1/channels/{}/start", Role::kOperate, start});
  routes.push_back({"POST", "/v1/channels/{}/stop", Role::kOperate, stop});
  routes.push_back({"GET", "/v1/operations", Role::kView, operations});
  routes.push_back({"GET", "/v1/operations/{}", Role::kView, operation});
}

}  // namespace gw::admin
