// encode, wrap: what goes out.
#include <algorithm>
#include <atomic>
#include <thread>

#include "conform/check.h"
#include "conform/samples.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

using testing::FakeHost;

constexpr int kThreads = 4;
constexpr int kRounds = 25;  // of each thread
constexpr size_t kMostPlaces = 24;

using Bodies = std::vector<std::optional<std::string>>;

Bodies encodeAll(FakeHost& host, const std::string& cls, const std::vector<Sample>& samples) {
  Bodies out;
  for (const Sample& sample : samples) out.push_back(host.encode(cls, sample.event));
  return out;
}

std::string say(const std::optional<std::string>& body) { return body.has_value() ? inQuotes(*body) : "nothing"; }

void expectSame(const std::vector<Sample>& samples, const Bodies& expected, const Bodies& got, const std::string& cls,
                const std::string& when) {
  for (size_t i = 0; i < samples.size(); ++i) {
    if (expected[i] == got[i]) continue;
    throw Failure{"encode of " + samples[i].name + " for class " + inQuotes(cls) + " differs " + when + ": first " +
                  say(expected[i]) + ", then " + say(got[i])};
  }
}

Bodies encodedBackwards(FakeHost& host, const std::string& cls, const std::vector<Sample>& samples) {
  Bodies out(samples.size());
  for (size_t i = samples.size(); i-- > 0;) out[i] = host.encode(cls, samples[i].event);
  return out;
}

/// Every thread encodes all samples, many times; what differs is told afterwards.
void encodeAtOnce(FakeHost& host, const SampleClass& cls, const std::vector<Sample>& samples, const Bodies& expected) {
  std::vector<Bodies> got(kThreads);
  std::atomic<int> waiting{kThreads};
  std::vector<std::thread> threads;
  for (Bodies& mine : got) {
    threads.emplace_back([&] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      for (int round = 0; round < kRounds; ++round) {
        mine = encodeAll(host, cls.description, samples);
        if (mine != expected) return;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  for (const Bodies& mine : got) expectSame(samples, expected, mine, cls.description, "on several threads at once");
}

}  // namespace

void checkEncode(Context& context) {
  std::vector<Sample> samples = sampleEvents();
  for (const SampleClass& cls : sampleClasses(context)) {
    const std::string& options = context.optionsOf(*cls.conversation);
    Bodies expected;
    {
      Trial trial(context.plugin(), options);
      context.step("encoding for class " + inQuotes(cls.description));
      expected = encodeAll(trial.host(), cls.description, samples);
      expectSame(samples, expected, encodeAll(trial.host(), cls.description, samples), cls.description,
                 "the second time");
      expectSame(samples, expected, encodedBackwards(trial.host(), cls.description, samples), cls.description,
                 "in another order");
      context.step("encoding on several threads at once for class " + inQuotes(cls.description));
      encodeAtOnce(trial.host(), cls, samples, expected);
      trial.finish();
    }
    Trial other(context.plugin(), options);
    {
      Visit visit(other.host(), *cls.conversation);
      visit.run({});
      context.step("encoding after a conversation for class " + inQuotes(cls.description));
      expectSame(samples, expected, encodeAll(other.host(), cls.description, samples), cls.description,
                 "in another instance, after a conversation");
      visit.end();
    }
    other.finish();
  }
}

void checkWrap(Context& context) {
  struct Place {
    uint64_t epoch, seq;
  };
  constexpr Place kPlaces[] = {{1, 0}, {1, 1}, {0, 0}, {UINT64_MAX, UINT64_MAX}};
  const std::vector<Sample> samples = sampleEvents();
  for (const Conversation& conversation : context.streams()) {
    Trial trial(context.plugin(), context.optionsOf(conversation));
    for (const size_t step : placesAmong(conversation.steps.size(), kMostPlaces, context.order().seed)) {
      Visit visit(trial.host(), conversation);
      for (size_t i = 0; i < step; ++i) visit.take(conversation.steps[i], {});
      for (const Sample& sample : samples) {
        context.step(conversation.name + ": wrapping " + sample.name + " before step " + std::to_string(step + 1));
        for (const Place& at : kPlaces) visit.conn().deliver(sample.event, at.seq, at.epoch);
        visit.settle();
      }
      visit.end();
    }
    trial.finish();
  }
}

}  // namespace gw::conform
