// Drives the built plugin the way the host does. argv[1]: the plugin's file.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "testing/fake_host.h"

namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using gw::testing::FakeMigration;

constexpr const char* kEvents = "/my-channel/events";
constexpr const char* kRpc = "/my-channel/rpc";
constexpr uint64_t kHeartbeatMs = 15'000;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "failed: %s\n", what.c_str());
  std::exit(1);
}

std::unique_ptr<FakeConn> openStream(FakeHost& host) {
  const auto request = host.request("GET", kEvents, "", {{"authorization", "Bearer secret"}});
  request->answer(GW_OK, 200);
  check(request->accept.has_value() && request->accept->mode == GW_ACCEPT_STREAM, "a bound request becomes a stream");
  return request->openStream({.isBound = true});
}

void asksWhoIsThere(const gw_plugin& plugin) {
  FakeHost host(plugin);
  check(host.ok(), host.error());
  check(host.routes().size() == 2 && host.routes()[1].maxBodyBytes == 64 * 1024, "input has a bound");
  check(host.request("GET", kEvents)->reply->status == 401, "nobody in particular gets no stream");
  check(host.request("GET", kEvents, "", {{"authorization", "Basic x"}})->reply->status == 401, "nor by password");
  const auto resumed = host.request("GET", kEvents, "after=3.17", {{"authorization", "Bearer secret"}});
  check(resumed->result == GW_HTTP_DEFER && resumed->binds.size() == 1, "the host is asked whose the token is");
  check(resumed->binds[0].credential == "secret" && resumed->binds[0].epoch == 3 && resumed->binds[0].seq == 17,
        "with what the client has");
  resumed->answer(GW_E_INVALID, 401, "{}");
  check(resumed->reply->status == 401 && !resumed->accept.has_value(), "a token that is none opens nothing");
  for (const char* query :
       {"after=", "after=3", "after=3.", "after=.17", "after=3.17x", "after=-3.17", "before=3.17"}) {
    const auto fresh = host.request("GET", kEvents, query, {{"authorization", "Bearer secret"}});
    check(fresh->binds.at(0).epoch == 0 && fresh->binds[0].seq == 0, std::string("not a position: ") + query);
  }
}

void handsRequestsToTheHost(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const std::string json = R"({"type":"req","id":"1","method":"connect","params":{}})";
  check(host.request("POST", kRpc, "", {}, json)->reply->status == 415, "a form is not taken");
  check(host.request("POST", kRpc, "", {{"content-type", "application/json"}})->reply->status == 400, "nor nothing");
  const auto call = host.request("POST", kRpc, "", {{"content-type", "application/json; charset=utf-8"}}, json);
  check(call->result == GW_HTTP_DEFER && call->frames.at(0).json == json, "the frame goes to the host as it is");
  call->answer(GW_OK, 200, R"({"type":"res","id":"1","ok":true})");
  check(call->reply->status == 200 && call->reply->body == R"({"type":"res","id":"1","ok":true})",
        "and the answer back");
}

void writesALineAnEvent(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const auto stream = openStream(host);
  stream->deliver(FakeEvent::data("output", "{\"text\":\n\"It rains.\"}"), 7, 2);
  check(stream->takeSent() == "{\"epoch\":2,\"seq\":7,\"event\":\"output\",\"payload\":{\"text\": \"It rains.\"}}\n",
        "an event is one line, with its position");
  stream->deliver(FakeEvent::data("state", ""));
  check(stream->takeSent() == "{\"event\":\"state\",\"payload\":{}}\n", "one that does not count has none");
}

using Step = std::function<void(FakeHost&, FakeConn&)>;

/// A small conversation; a client that stops to read is part of it.
const std::vector<Step>& steps() {
  static const std::vector<Step> all{
      [](FakeHost&, FakeConn& stream) { stream.deliver(FakeEvent::data("output", "{}"), 1); },
      [](FakeHost& host, FakeConn&) { host.advance(kHeartbeatMs / 2); },
      [](FakeHost&, FakeConn& stream) { stream.sendResult = GW_E_AGAIN; },
      [](FakeHost& host, FakeConn&) { host.advance(kHeartbeatMs); },
      [](FakeHost& host, FakeConn&) { host.advance(kHeartbeatMs); },
      [](FakeHost&, FakeConn& stream) { stream.sendResult = GW_OK; },
      [](FakeHost& host, FakeConn&) { host.advance(kHeartbeatMs); },
      [](FakeHost&, FakeConn& stream) { stream.writable(); },
      [](FakeHost& host, FakeConn&) { host.advance(kHeartbeatMs); },
      [](FakeHost&, FakeConn& stream) { stream.deliver(FakeEvent::data("output", "{}"), 2); },
      [](FakeHost&, FakeConn& stream) { stream.closeBegin(GW_CLOSE_SHUTDOWN, "See you."); },
  };
  return all;
}

/// All that the conversation sends, moved to another generation before step `moveAt`.
std::string converse(const gw_plugin& plugin, size_t moveAt) {
  FakeHost host(plugin);
  const auto stream = openStream(host);
  for (size_t i = 0; i < steps().size(); ++i) {
    if (i == moveAt) {
      const FakeMigration moved = host.migrate(*stream, host.load(plugin));
      check(moved.outcome == FakeMigration::Outcome::kMoved, "at " + std::to_string(i) + ": " + moved.reason);
    }
    steps()[i](host, *stream);
  }
  check(stream->closedBy().has_value(), "goodbye is said");
  return stream->takeSent();
}

void movesAnywhere(const gw_plugin& plugin) {
  const std::string unmoved = converse(plugin, std::string::npos);
  for (size_t at = 0; at < steps().size(); ++at)
    check(converse(plugin, at) == unmoved, "a move before step " + std::to_string(at) + " is seen by the client");
}

void trustsNoState(const gw_plugin& plugin) {
  FakeHost host(plugin);
  const auto stream = openStream(host);
  stream->sendResult = GW_E_AGAIN;
  host.advance(kHeartbeatMs);
  const FakeMigration moved = host.rehearse(*stream, host.load(plugin));
  check(moved.outcome == FakeMigration::Outcome::kMoved, moved.reason);
  check(host.adopt(moved.version, moved.state) != nullptr, "a state that was saved is taken");
  for (size_t cut = 0; cut < moved.state.size(); ++cut)
    check(host.adopt(moved.version, moved.state.substr(0, cut)) == nullptr, "one that is cut off is refused");
  check(host.adopt(moved.version + 1, moved.state) == nullptr, "and so is one of a version to come");
}

}  // namespace

int main(int argc, char** argv) {
  check(argc == 2, "usage: my_channel_test PLUGIN");
  const gw::testing::PluginFile file(argv[1]);
  check(file.plugin() != nullptr, file.error());
  asksWhoIsThere(*file.plugin());
  handsRequestsToTheHost(*file.plugin());
  writesALineAnEvent(*file.plugin());
  movesAnywhere(*file.plugin());
  trustsNoState(*file.plugin());
  std::puts("ok");
}
