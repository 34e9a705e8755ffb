// A libFuzzer target: whatever a client sends, cut anywhere, with moves to another generation in between, and
// whatever a state says. Nothing may crash, and every move must succeed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "gw/plugin.hpp"
#include "my_channel.h"
#include "testing/fake_host.h"

using gw::testing::FakeEvent;
using gw::testing::FakeMigration;

namespace {

void adoptsOrRefuses(gw::testing::FakeHost& host, std::string_view state) {
  const auto conn = host.adopt(MyChannel::kState.version, state);
  if (conn == nullptr) return;
  conn->receive("look\n");
  conn->deliver(FakeEvent::line("It rains."));
}

/// Pieces of input: a length, then so many bytes. Length 0: a move and an event instead.
void converses(gw::testing::FakeHost& host, std::string_view input) {
  gw::testing::FakeGeneration* next = &host.load(host.plugin());
  gw::testing::FakeGeneration* other = &host.generation();
  const auto conn = host.open();
  if (conn == nullptr) std::abort();
  conn->autoAnswerHello = true;
  conn->answerHello();
  while (!input.empty() && !conn->closedBy().has_value()) {
    const size_t length = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    if (length != 0) {
      conn->receive(input.substr(0, length));
      input.remove_prefix(std::min(length, input.size()));
      continue;
    }
    conn->deliver(FakeEvent::prompt("> "));
    const FakeMigration moved = host.migrate(*conn, *next);
    if (moved.outcome != FakeMigration::Outcome::kMoved) {
      std::fprintf(stderr, "a move failed: %s\n", moved.reason.c_str());
      std::abort();
    }
    std::swap(next, other);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  gw::testing::FakeHost host(gw::sdk::pluginTable<MyChannel>());
  if (!host.ok()) std::abort();
  adoptsOrRefuses(host, input);
  converses(host, input);
  return 0;
}
