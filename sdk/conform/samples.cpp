#include "conform/samples.h"

#include <algorithm>

#include "conform/visit.h"

namespace gw::conform {
namespace {

using testing::FakeEvent;

constexpr std::string_view kLink = "https://example.org/a?b=c&d=\"e\"";

FakeEvent styled() {
  FakeEvent event = FakeEvent::line("Bold red, a link, and more.");
  event.spans = {
      {0, 4, GW_COLOR_PALETTE(1), GW_COLOR_DEFAULT, GW_SPAN_BOLD, {}},
      {5, 3, GW_COLOR_RGB(0xff8800), GW_COLOR_PALETTE(255), GW_SPAN_UNDERLINE | GW_SPAN_INVERSE, {}},
      {10, 6, GW_COLOR_DEFAULT, GW_COLOR_DEFAULT, GW_SPAN_ITALIC | GW_SPAN_STRIKE, {kLink.data(), kLink.size()}}};
  return event;
}

FakeEvent flagged(FakeEvent event, uint32_t flags, uint32_t kind) {
  event.flags = flags;
  event.kind = kind;
  return event;
}

}  // namespace

std::vector<Sample> sampleEvents() {
  std::vector<Sample> out{
      {"a line", FakeEvent::line("It rains.")},
      {"several lines", FakeEvent::line("One.\nTwo.\n\nFour.\twide")},
      {"an empty text", FakeEvent::line("")},
      {"text with colours and a link", styled()},
      {"text beyond ASCII", FakeEvent::line("Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x89 \xef\xbf\xbd")},
      {"text with IAC and quotes", FakeEvent::line("\xc3\xbf \" \\ < > & ' %")},
      {"a long text", FakeEvent::line(std::string(70'000, 'x'))},
      {"a prompt", FakeEvent::prompt("> ")},
      {"a hidden prompt", FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF)},
      {"an empty prompt", FakeEvent::prompt("")},
      {"the end of a hidden prompt", flagged(FakeEvent::line(""), GW_EVENT_ECHO_ON, GW_KIND_TEXT)},
      {"a replayed private line", flagged(FakeEvent::line("Again."), GW_EVENT_REPLAY | GW_EVENT_PRIVATE, GW_KIND_TEXT)},
      {"data", FakeEvent::data("presence", R"({"who":["Ann","B\u00f6b"],"n":1.5})")},
      {"a kind that does not exist", flagged(FakeEvent::data("future", "{}"), 1u << 30, 99)}};
  for (Sample& sample : out) {
    if (sample.event.kind == GW_KIND_TEXT) sample.event.payload = R"({"text":"as in the event"})";
  }
  return out;
}

std::vector<SampleClass> sampleClasses(Context& context) {
  std::vector<SampleClass> out;
  for (const Conversation& conversation : context.streams()) {
    Trial trial(context.plugin(), context.optionsOf(conversation));
    Visit visit(trial.host(), conversation);
    visit.run({});
    for (const auto& cls : visit.conn().classes()) {
      const bool isKnown = std::any_of(out.begin(), out.end(), [&](const SampleClass& each) {
        return each.description == cls.description &&
               context.optionsOf(*each.conversation) == context.optionsOf(conversation);
      });
      if (!isKnown) out.push_back({&conversation, cls.description});
    }
  }
  if (out.empty()) throw Skip{"its streams set no class, so that no event reaches them"};
  return out;
}

}  // namespace gw::conform
