// config, lifecycle, reconfigure: accounts of the channel.
#include <nlohmann/json.hpp>

#include "conform/check.h"
#include "conform/visit.h"
#include "testing/guarded.h"
#include "testing/plugin_call.h"

namespace gw::conform {
namespace {

using testing::callPlugin;
using testing::FakeHost;

/// What no author thinks of, and every way to cut the account's own options off.
std::vector<std::string> oddOptions(const std::string& given) {
  std::vector<std::string> out{"",
                               "{",
                               "[]",
                               "null",
                               "7",
                               "\"text\"",
                               R"({"there is no such option":true})",
                               R"({"port":-1e400,"port":{}})",
                               "{\"a\":\"\xff\xfe\"}",
                               std::string("{\"a\":\0}", 7),
                               "{} {}",
                               std::string(20'000, '['),
                               R"({"a":")" + std::string(100'000, 'x') + "\"}"};
  for (size_t length = 1; length < given.size() && length < 200; ++length) out.push_back(given.substr(0, length));
  return out;
}

void expectPure(FakeHost& host, const std::string& options) {
  const gw_status first = host.validate(options);
  const std::string why = host.error();
  if (host.validate(options) != first || host.error() != why)
    throw Failure{"validate_config answers differently the second time, for " + inQuotes(options)};
  if (first != GW_OK && why.empty())
    throw Failure{"validate_config refuses " + inQuotes(options) + " without a reason"};
}

void checkSchemaText(const std::string& schema) {
  if (schema.empty()) return;  // it offers none
  const nlohmann::json parsed = nlohmann::json::parse(schema, nullptr, false);
  if (parsed.is_discarded()) throw Failure{"gw.config/1: the schema is not JSON: " + inQuotes(schema)};
  if (!parsed.is_object() && !parsed.is_boolean()) throw Failure{"gw.config/1: a JSON Schema is an object"};
}

/// An instance beside the host's own, by hand.
class Sibling {
 public:
  Sibling(FakeHost& host, const std::string& options) : ops_(*host.plugin().instance) {
    testing::GuardedErr err;
    const gw_status status = callPlugin("create", nullptr, ops_.create, reinterpret_cast<gw_host_inst*>(&host),
                                        gw_slice{options.data(), options.size()}, err.ptr(), &inst_);
    if (status != GW_OK || inst_ == nullptr) throw Failure{"a second instance cannot be created: " + err.text()};
  }
  void start() {
    testing::GuardedErr err;
    if (callPlugin("start", nullptr, ops_.start, inst_, err.ptr()) != GW_OK)
      throw Failure{"a second instance cannot be started: " + err.text()};
  }
  void drain(uint64_t ms) { callPlugin("drain", nullptr, ops_.drain, inst_, ms); }
  void stop() { callPlugin("stop", nullptr, ops_.stop, inst_); }
  void destroy() { callPlugin("destroy", nullptr, ops_.destroy, inst_); }

 private:
  const gw_instance_ops& ops_;
  gw_inst* inst_ = nullptr;
};

void liveBesideEachOther(Context& context, FakeHost& host) {
  const std::string& options = context.order().options;
  context.step("creating and destroying without a start");
  Sibling(host, options).destroy();
  context.step("starting, stopping and destroying without a drain");
  Sibling plain(host, options);
  plain.start();
  plain.stop();
  plain.destroy();
  context.step("running three instances, of which the one in the middle ends first");
  Sibling first(host, options), second(host, options), third(host, options);
  for (Sibling* each : {&third, &first, &second}) each->start();
  for (Sibling* each : {&second, &first, &third}) {
    each->drain(1000);
    each->stop();
    each->destroy();
  }
}

/// The conversation, with something done to the account in the middle.
template <class Act>
Transcript interrupted(Context& context, const Conversation& conversation, const Act& act) {
  Trial trial(context.plugin(), context.optionsOf(conversation));
  Transcript seen;
  {
    Visit visit(trial.host(), conversation);
    const size_t middle = conversation.steps.size() / 2;
    for (size_t i = 0; i < conversation.steps.size(); ++i) {
      if (i == middle) act(trial.host());
      visit.take(conversation.steps[i], {});
    }
    seen = visit.end();
  }
  trial.finish();
  return seen;
}

/// Whether they were applied.
bool tryOptions(FakeHost& host, const std::string& options) {
  const bool isRefused = host.validate(options) != GW_OK;
  const int32_t result = host.reconfigure(options);
  if (result == GW_RECONF_APPLIED && isRefused)
    throw Failure{"reconfigure applies " + inQuotes(options) + ", which validate_config refuses"};
  if (result == GW_RECONF_REJECTED && host.error().empty())
    throw Failure{"reconfigure rejects " + inQuotes(options) + " without a reason"};
  return result == GW_RECONF_APPLIED;
}

}  // namespace

void checkConfig(Context& context) {
  const std::string& given = context.order().options;
  {
    Trial trial(context.plugin(), given);
    context.step("reading the schema");
    checkSchemaText(trial.host().configSchema());
    for (const std::string& options : oddOptions(given)) {
      context.step("validating " + inQuotes(options));
      expectPure(trial.host(), options);
    }
    if (trial.host().validate(given) != GW_OK)
      throw Failure{"the account's own options are refused after others were: " + trial.host().error()};
    trial.finish();
  }
  for (const std::string& options : oddOptions(given)) {
    context.step("creating an account with " + inQuotes(options));
    FakeHost host(context.plugin(), options);
    host.end();
    if (!host.violations().empty())
      throw Failure{host.violations().front() + ", with the options " + inQuotes(options)};
  }
}

void checkLifecycle(Context& context) {
  for (int round = 0; round < 2; ++round) {
    context.step("starting and ending the plugin");
    Trial trial(context.plugin(), context.order().options);
    liveBesideEachOther(context, trial.host());
    context.step("asking for its health");
    const gw_status tested = trial.host().selftest();
    if (tested != GW_OK && tested != GW_E_UNSUPPORTED) throw Failure{"the selftest fails: " + trial.host().error()};
    if (tableOf<gw_health_ext>(context.plugin(), GW_EXT_HEALTH) && trial.host().healthReport().first > GW_HEALTH_FAILED)
      throw Failure{"report told a level that is no GW_HEALTH_*"};
    trial.finish();
  }
  for (const Conversation& conversation : context.streams()) {
    const std::string& options = context.optionsOf(conversation);
    const Transcript expected = converse(context.plugin(), options, conversation, {});
    context.step("other instances come and go during " + conversation.name);
    const Transcript beside =
        interrupted(context, conversation, [&](FakeHost& host) { liveBesideEachOther(context, host); });
    if (const std::string why = differenceOf(expected, beside); !why.empty())
      throw Failure{conversation.name + ": other instances of the channel changed it: " + why};
    context.step("draining during " + conversation.name);
    const Transcript drained = interrupted(context, conversation, [](FakeHost& host) {
      callPlugin("drain", nullptr, host.plugin().instance->drain, host.instance(), uint64_t{60'000});
    });
    if (const std::string why = differenceOf(expected, drained); !why.empty())
      throw Failure{conversation.name + ": drain changed a stream that lives: " + why};
  }
}

void checkReconfigure(Context& context) {
  for (const Conversation& conversation : context.streams()) {
    const std::string own = context.optionsOf(conversation);
    const Transcript expected = converse(context.plugin(), own, conversation, {});
    std::vector<std::string> all{own};
    for (const char* bad : {"{", "[]", R"({"there is no such option":true})"}) all.emplace_back(bad);
    for (const std::string& options : all) {
      context.step("reconfiguring to " + inQuotes(options) + " during " + conversation.name);
      bool isApplied = false;
      const Transcript got =
          interrupted(context, conversation, [&](FakeHost& host) { isApplied = tryOptions(host, options); });
      const std::string why = differenceOf(expected, got);
      if (!why.empty() && (!isApplied || options == own))
        throw Failure{conversation.name + ": after reconfigure to " + inQuotes(options) +
                      (isApplied ? ", the options that it had: " : ", which was not applied: ") + why};
    }
  }
}

}  // namespace gw::conform
