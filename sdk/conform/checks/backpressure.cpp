// backpressure: the host says AGAIN, to input and to output.
#include "conform/check.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

constexpr size_t kMostRefusals = 64;    // of a conversation
constexpr uint64_t kPatienceMs = 2000;  // after each step

size_t askedFor(const Transcript& seen) {
  size_t count = 0;
  for (const auto& entry : seen.entries)
    count += entry.name.starts_with("input") || entry.name.starts_with("frame") ? 1 : 0;
  return count;
}

/// The host offers what was not consumed again. A plugin that has consumed it tries again by a timer.
Visit::Manner patient(Visit::Before before) {
  Visit::Manner manner;
  manner.before = std::move(before);
  manner.afterStep = [](Visit& visit, size_t) {
    visit.conn().retry();
    visit.host().advance(kPatienceMs);
  };
  return manner;
}

/// The nth submit or frame is answered AGAIN, once.
void refuseInput(Context& context, const Conversation& conversation) {
  const std::string& options = context.optionsOf(conversation);
  const Transcript expected = converse(context.plugin(), options, conversation, patient({}), Sight::kTaken);
  const size_t asked = askedFor(expected);
  if (asked == 0) return;
  for (const size_t nth : placesAmong(asked - 1, kMostRefusals, context.order().seed)) {
    const std::string how = "submit or frame " + std::to_string(nth + 1) + " answered AGAIN";
    context.step(conversation.name + ": " + how);
    const Visit::Manner manner = patient([nth](Visit& visit, size_t place) {
      if (place == 0) visit.conn().againAfter = static_cast<uint32_t>(nth);
    });
    const std::string why =
        differenceOf(expected, converse(context.plugin(), options, conversation, manner, Sight::kTaken));
    if (!why.empty()) throw Failure{conversation.name + ": " + how + ": " + why};
  }
}

/// What was sent in each step. fullIn: the step during which every send says AGAIN; writable() follows it.
struct Sends {
  std::vector<std::string> steps;
  Transcript taken;
};
Sends sendsOf(Context& context, const Conversation& conversation, size_t fullIn) {
  Trial trial(context.plugin(), context.optionsOf(conversation));
  Sends out;
  {
    Visit visit(trial.host(), conversation);
    for (size_t i = 0; i < conversation.steps.size(); ++i) {
      const size_t before = visit.conn().sent().size();
      if (i == fullIn) visit.conn().sendResult = GW_E_AGAIN;
      visit.take(conversation.steps[i], {});
      if (i == fullIn) {
        visit.conn().sendResult = GW_OK;
        visit.conn().writable();
        visit.settle();
      }
      out.steps.push_back(visit.conn().sent().substr(before));
    }
    out.taken = visit.end(Sight::kTaken);
  }
  trial.finish();
  return out;
}

/// While the queue is full it may leave out what nobody misses (a second pong, a heartbeat): what it takes from the
/// client is the same, and once there is room it goes on as if nothing had been.
void refuseOutput(Context& context, const Conversation& conversation) {
  const Sends expected = sendsOf(context, conversation, SIZE_MAX);
  for (const size_t full : placesAmong(conversation.steps.size() - 1, kMostRefusals, context.order().seed)) {
    const std::string how = "with a full queue in step " + std::to_string(full + 1);
    context.step(conversation.name + ": " + how);
    const Sends got = sendsOf(context, conversation, full);
    if (const std::string why = differenceOf(expected.taken, got.taken); !why.empty())
      throw Failure{conversation.name + ": " + how + ": " + why};
    for (size_t i = full + 1; i < expected.steps.size(); ++i) {
      if (got.steps[i] == expected.steps[i]) continue;
      throw Failure{conversation.name + ": " + how + ", after writable, in step " + std::to_string(i + 1) +
                    ": it sends " + inQuotes(got.steps[i]) + " instead of " + inQuotes(expected.steps[i])};
    }
  }
}

}  // namespace

void checkBackpressure(Context& context) {
  for (const Conversation& conversation : context.streams()) {
    refuseInput(context, conversation);
    refuseOutput(context, conversation);
  }
}

}  // namespace gw::conform
