// threads: the thread tags of the headers, made use of.
#include <atomic>
#include <mutex>
#include <thread>

#include "conform/check.h"
#include "conform/samples.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

using testing::FakeHost;

constexpr int kLoops = 4;
constexpr int kVisits = 6;  // on each loop, for each conversation
constexpr int kEncoders = 2;

/// The clock is one thread's: here no time passes.
Conversation timeless(Conversation conversation) {
  std::erase_if(conversation.steps, [](const Step& step) { return step.kind == Step::Kind::kWait; });
  return conversation;
}

/// The first thing that went wrong on any thread.
class Findings {
 public:
  void add(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (first_.empty()) first_ = why;
  }
  void expectNone() const {
    if (!first_.empty()) throw Failure{first_};
  }

 private:
  std::mutex mutex_;
  std::string first_;
};

Transcript visitOnce(FakeHost& host, const Conversation& conversation) {
  Visit visit(host, conversation);
  if (!visit.isOpen()) return {};
  visit.run({});
  return visit.end();
}

/// Two streams of one loop, by turns; the other one says the same backwards.
void visitByTurns(FakeHost& host, const Conversation& conversation, const Transcript& expected) {
  Visit one(host, conversation), other(host, conversation);
  if (!one.isOpen() || !other.isOpen()) return;
  for (size_t i = 0; i < conversation.steps.size(); ++i) {
    one.take(conversation.steps[i], {});
    other.take(conversation.steps[conversation.steps.size() - 1 - i], {});
  }
  other.end();
  const std::string why = differenceOf(expected, one.end());
  if (!why.empty()) throw Failure{conversation.name + ": by turns with another stream: " + why};
}

/// One loop begins the conversation, another ends it: a connection may move to its session's loop.
Transcript visitOnTwo(FakeHost& host, const Conversation& conversation) {
  Visit visit(host, conversation);
  if (!visit.isOpen()) return {};
  const auto take = [&](size_t from, size_t to) {
    std::thread([&] {
      for (size_t i = from; i < to; ++i) visit.take(conversation.steps[i], {});
    }).join();
  };
  const size_t middle = conversation.steps.size() / 2;
  take(0, middle);
  take(middle, conversation.steps.size());
  return visit.end();
}

void visitAtOnce(FakeHost& host, const Conversation& conversation, const std::vector<Sample>& samples) {
  const Transcript expected = visitOnce(host, conversation);
  std::string cls;
  {
    Visit visit(host, conversation);
    if (!visit.conn().classes().empty()) cls = visit.conn().classes().back().description;
    visit.end();
  }
  visitByTurns(host, conversation, expected);
  Findings findings;
  std::atomic<int> busy{kLoops};
  std::vector<std::thread> threads;
  for (int i = 0; i < kLoops; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kVisits; ++round) {
        const std::string why = differenceOf(expected, visitOnce(host, conversation));
        if (!why.empty()) findings.add(conversation.name + ": beside streams on other threads: " + why);
      }
      --busy;
    });
  }
  for (int i = 0; i < kEncoders; ++i) {
    threads.emplace_back([&] {
      while (busy > 0)
        for (const Sample& sample : samples) host.encode(cls, sample.event);
    });
  }
  for (std::thread& each : threads) each.join();
  findings.expectNone();
  const std::string why = differenceOf(expected, visitOnTwo(host, conversation));
  if (!why.empty()) throw Failure{conversation.name + ": begun on one thread and ended on another: " + why};
}

}  // namespace

void checkThreads(Context& context) {
  std::vector<Sample> samples = sampleEvents();
  std::erase_if(samples, [](const Sample& sample) { return sample.event.text.size() > 1000; });
  for (const Conversation& each : context.streams()) {
    const Conversation conversation = timeless(each);
    context.step(conversation.name + ": on " + std::to_string(kLoops) + " threads at once");
    Trial trial(context.plugin(), context.optionsOf(conversation));
    visitAtOnce(trial.host(), conversation, samples);
    trial.finish();
  }
}

}  // namespace gw::conform
