// What a backend sends: bytes on its WebSocket, and what its frames say.

#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "backend/link/output.h"
#include "base/utf8.h"
#include "session/client_api.h"
#include "session/text/sanitize.h"
#include "support/link_socket_pair.h"
#include "targets.h"

namespace gw::fuzz {
namespace {

using link::LinkSocket;
using test::linkFrame;

constexpr size_t kMostBytes = 4096;

void linkBytes(std::string_view input) {
  test::LinkSocketPair pair(kMostBytes);
  pair.write(input.substr(0, 64 * 1024));
  std::string_view message;
  for (int frames = 0; frames < 100'000; ++frames) {
    const LinkSocket::Got got = pair.host().receive(message);
    if (got == LinkSocket::Got::kMessage) {
      expect(message.size() <= kMostBytes, "a message is larger than the bound");
      expect(isUtf8(message), "a message is not UTF-8");
    }
    if (got == LinkSocket::Got::kEnd || got == LinkSocket::Got::kPartial || got == LinkSocket::Got::kNothing) return;
  }
  fail("it never ends");
}

std::vector<std::string> linkByteSeeds() {
  return {linkFrame(1, "{\"type\":\"event\"}"), linkFrame(1, "a", false) + linkFrame(9, "ping") + linkFrame(0, "b"),
          linkFrame(8, "\x03\xe8 bye"), linkFrame(1, std::string(200, 'x')).substr(0, 60), "\x81\x02{}"};
}

void checkEvent(const plugin::Event& event) {
  expect(session::sanitizeInput(event.text) == event.text, "text is not clean");
  uint64_t end = 0;
  for (const plugin::Span& span : event.spans) {
    expect(span.start >= end && span.len > 0, "spans overlap");
    end = uint64_t{span.start} + span.len;
  }
  expect(end <= event.text.size(), "a span ends behind the text");
  const bool isWhole = event.kind == plugin::EventKind::kData;
  const std::string members = isWhole ? event.dataJson : "{" + event.dataJson + "}";
  expect(nlohmann::json::accept(members), "the data is no JSON");
}

void linkOutput(std::string_view input) {
  nlohmann::json json;
  std::string problem;
  if (!session::parseClientJson(input, json, problem)) return;
  if (auto event = link::readOutput(json, {true, true})) checkEvent(*event);
  if (!json.is_object()) return;
  if (auto event = link::readEntityChange(json)) checkEvent(*event);
  (void)link::readUser(json);
  (void)link::readCharacter(json);
  (void)link::readError(json);
  plugin::Event event;
  (void)link::setDelivery(event, link::textOf(json, "delivery", 128));
}

std::vector<std::string> linkOutputSeeds() {
  return {
      R"({"type":"text","text":"a \u001b[31mred\u001b[0m fox","delivery":"latest:x"})",
      R"({"type":"formattedText","text":"gr\u00fcn","spans":[{"start":0,"len":5,"fg":2,"bg":"#102030","bold":true}]})",
      R"({"type":"structured","outputType":"map.update","data":{"x":[1,2,{"y":null}]},"text":"A map"})",
      R"({"type":"roomDescription","name":"Hall","description":"Cold.","exits":["n",{"name":"s"}],"entities":[],"items":["lamp"]})",
      R"({"type":"combat","attacker":"A","defender":"B","action":"hits","damage":3,"critical":true})",
      R"({"type":"system","text":"soon","updateType":"stats","data":{"hp":9}})",
      R"({"user":{"id":"u","name":"n","plain":true},"id":"c","name":"n","code":"CONFLICT","message":"m","retryAfterMs":5})"};
}

}  // namespace

const std::vector<Target>& linkTargets() {
  static const std::vector<Target> all{{"link_bytes", linkBytes, linkByteSeeds},
                                       {"link_output", linkOutput, linkOutputSeeds}};
  return all;
}

}  // namespace gw::fuzz
