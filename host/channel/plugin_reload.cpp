#include "channel/plugin_reload.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <utility>

#include "base/log.h"
#include "channel/channel_manager.h"
#include "plugin/callback_guard.h"
#include "plugin/library.h"
#include "plugin/probe.h"

namespace gw::channel {
namespace {

constexpr uint64_t kPollMs = 50;
constexpr uint64_t kFewFailures = 3;  // so many imports may fail whatever the number of connections

uint64_t connectionsOf(const ChannelAccount& account) { return account.snapshot().connections; }

std::string listed(const std::vector<std::shared_ptr<plugin::Generation>>& generations) {
  std::string all;
  for (const auto& each : generations)
    all += (all.empty() ? "" : ", ") + std::to_string(each->number()) + " (version " + each->version() + ")";
  return all;
}

void add(plugin::MigrationFigures& sum, const plugin::MigrationFigures& more) {
  sum.found += more.found;
  sum.moved += more.moved;
  sum.stayed += more.stayed;
  sum.failed += more.failed;
  sum.gone += more.gone;
  sum.wasStopped = sum.wasStopped || more.wasStopped;
  for (const auto& [why, count] : more.reasons)
    if (sum.reasons.count(why) > 0 || sum.reasons.size() < plugin::Migration::kMostReasons) sum.reasons[why] += count;
  sum.slicesNs.insert(sum.slicesNs.end(), more.slicesNs.begin(), more.slicesNs.end());
}

}  // namespace

/// One reload, step by step. On the reload thread.
class PluginReloader::Run {
 public:
  Run(PluginReloader& owner, const ReloadOrder& order, ReloadReport& report)
      : owner_(owner), parts_(owner.parts_), order_(order), report_(report) {}

  void run() {
    const Result<void> done = steps();
    if (!done && report_.outcome.empty()) {
      report_.outcome = "refused";
      report_.why = done.error().message;
    }
    release();
  }

 private:
  struct Account {
    ChannelAccount* account;
    std::shared_ptr<plugin::Instance> former;
    std::shared_ptr<plugin::Instance> next;
    std::string options;  // of next
  };

  Result<void> steps() {
    if (auto done = findAccounts(); !done) return done;
    if (order_.options.empty()) {
      if (auto done = makeRoom(); !done) return done;
      if (auto done = check(); !done) return done;
      if (auto done = probe(); !done) return done;
      if (order_.isDryRun) return report_.outcome = "checked", Result<void>();
    }
    if (auto done = load(); !done) return done;
    if (auto done = canary(); !done) return rollBack(done.error().message);
    if (auto done = lead(); !done) return rollBack(done.error().message);
    migrateAll();
    const plugin::MigrationFigures& figures = report_.figures;
    if (figures.failed > 0 && (figures.moved == 0 || (figures.wasStopped && figures.failed > mostFailures_)))
      return rollBack("too many connections could not be taken over");
    commit();
    return {};
  }

  void enter(const char* step) { owner_.enter(report_, step); }
  Result<void> controlled(UniqueFunction<Result<void>()> work) { return owner_.controlled(std::move(work)); }

  Result<void> findAccounts() {
    return controlled([this]() -> Result<void> {
      for (ChannelAccount* account : parts_.channels.accountsOf(order_.channelId)) {
        if (!order_.options.empty() && order_.options.count(account->id()) == 0) continue;
        auto current = account->current();
        if (current && !former_) former_ = current->sharedGeneration();
        if (current || order_.isDryRun) accounts_.push_back({account, std::move(current), nullptr, {}});
      }
      for (Account& each : accounts_) {
        const auto wanted = order_.options.find(each.account->id());
        each.options = wanted == order_.options.end() ? each.account->options() : wanted->second;
      }
      if (!former_ && order_.isDryRun) return {};  // what is not in use may be tried too
      if (!former_) return fail(ErrorCode::kNotFound, "no account of " + order_.channelId + " runs");
      report_.fromGeneration = former_->number();
      report_.fromVersion = former_->version();
      return {};
    });
  }

  Result<void> makeRoom() {
    if (plugin::Library::leaked() >= kMostLeaked) return tooManyLeaked();
    auto living = parts_.catalog.living(order_.channelId);
    if (living.size() < kMostGenerations) return {};
    const Error full = fail(ErrorCode::kConflict, order_.channelId + " has " + std::to_string(living.size()) +
                                                      " live generations: " + listed(living) +
                                                      "; clients or work hold them. Wait, or use --drain-oldest");
    if (order_.drainOldestMs == 0) return full;
    if (order_.isDryRun) return {};  // room would be made; nobody is sent away for a try
    const auto serves = [this](const std::shared_ptr<plugin::Generation>& generation) {
      return std::any_of(accounts_.begin(), accounts_.end(), [&](const Account& each) {
        return each.former && each.former->sharedGeneration() == generation;
      });
    };
    const auto found = std::find_if_not(living.begin(), living.end(), serves);
    if (found == living.end()) return full;
    auto oldest = std::move(*found);
    living.clear();
    const bool hasEnded = owner_.closeGeneration(report_, std::move(oldest), order_.drainOldestMs).has_value();
    report_.figures = {};
    report_.cutOff = 0;
    return hasEnded ? Result<void>() : Result<void>(full);
  }

  Result<void> check() {
    enter("checking");
    auto candidate = order_.toPrevious ? parts_.catalog.copyOfPrevious(order_.channelId)
                                       : parts_.catalog.copyForReload(order_.channelId, order_.file);
    if (!candidate) return candidate.error();
    candidate_ = std::move(*candidate);
    report_.file = candidate_.file;
    report_.toGeneration = candidate_.number;
    report_.toVersion = candidate_.copy.note.pluginVersion;
    return {};
  }

  Result<void> probe() {
    enter("probing");
    plugin::ProbeOrder order;
    order.program = parts_.program;
    order.library = candidate_.copy.path;
    order.isCancelled = &owner_.isStopping_;
    order.timeoutMs = order_.probeMs;
    for (const Account& each : accounts_) order.accounts.push_back({each.account->id(), each.options});
    return plugin::probePlugin(order);
  }

  Result<void> load() {
    enter("loading");
    return controlled([this]() -> Result<void> {
      if (order_.options.empty()) {
        auto loaded = parts_.catalog.load(candidate_);
        if (!loaded) return loaded.error();
        next_ = std::move(*loaded);
      } else {
        next_ = former_;
        report_.toGeneration = former_->number();
        report_.toVersion = former_->version();
      }
      for (Account& each : accounts_) {
        if (order_.options.empty()) each.options = each.account->options();  // they may have changed meanwhile
        auto prepared = each.account->prepare(next_, each.options);
        if (!prepared) return prepared.error();
        each.next = std::move(*prepared);
      }
      return {};
    });
  }

  // New clients alone: who is inside notices nothing yet.
  Result<void> canary() {
    if (order_.canaryClients == 0) return {};
    enter("canary");
    if (auto led = lead(); !led) return led;
    const uint64_t endNs = parts_.clock.nowNs() + order_.canaryMs * 1'000'000;
    while (parts_.clock.nowNs() < endNs && !owner_.isStopping_) {
      uint64_t opened = 0;
      for (const Account& each : accounts_) opened += each.next->counters().opened;
      Result<void> well;
      (void)parts_.control.run([&] { well = judgeCanary(); });  // if it is too busy: at the next look
      if (!well) return well;
      if (opened >= order_.canaryClients) return {};
      pause_.waitFor(kPollMs);
    }
    return {};
  }

  // [control] Under a debugger (--dev) slow is no fault.
  Result<void> judgeCanary() {
    const bool mayBeSlow = !plugin::callbackPolicy().quarantine;
    for (const Account& each : accounts_) {
      const plugin::InstanceCounters& counters = each.next->counters();
      if (counters.quarantined || (counters.slowCount > 0 && !mayBeSlow))
        return fail(ErrorCode::kUnavailable, "the canary was slow in " + each.account->id());
      const plugin::PluginHealth health = each.next->health();
      if (health.level == GW_HEALTH_FAILED)
        return fail(ErrorCode::kUnavailable, "the canary says that it has failed in " + each.account->id() +
                                                 (health.text.empty() ? "" : ": " + health.text));
    }
    return {};
  }

  Result<void> lead() {
    const bool wasLeading = std::exchange(isLeading_, true);
    return controlled([this, wasLeading]() -> Result<void> {
      for (Account& each : accounts_) {
        if (each.account->current() != (wasLeading ? each.next : each.former))
          return fail(ErrorCode::kConflict, each.account->id() + " was started or stopped meanwhile");
        if (wasLeading) continue;
        if (auto led = each.account->redirect(each.next); !led) return led;
        each.former->setSuccessor(each.next);
      }
      return {};
    });
  }

  uint64_t mostFailures() const {
    uint64_t connections = 0;
    for (const Account& each : accounts_) connections += connectionsOf(*each.account);
    return std::max<uint64_t>(kFewFailures, connections / 20);
  }

  void migrateAll() {
    enter("migrating");
    plugin::MigrationOptions options;
    options.mostFailures = mostFailures_ = mostFailures();
    for (Account& each : accounts_)
      for (auto& elder : each.account->elders()) migrate(elder, each.next, options);
    auto& slices = report_.figures.slicesNs;
    std::sort(slices.begin(), slices.end());
    if (!slices.empty()) {
      report_.sliceP99Us = slices[slices.size() * 99 / 100] / 1'000;
      report_.sliceMaxUs = slices.back() / 1'000;
    }
    slices.clear();
  }

  void migrate(const std::shared_ptr<plugin::Instance>& from, const std::shared_ptr<plugin::Instance>& to,
               const plugin::MigrationOptions& options) {
    if (from == to) return;
    from->setSuccessor(to);
    const auto migration = parts_.acceptor.migrate(from, to, options);
    const uint64_t endNs = parts_.clock.nowNs() + order_.timeoutMs * 1'000'000;
    const plugin::MigrationFigures before = report_.figures;
    while (!migration->wait(kPollMs)) {
      if (parts_.clock.nowNs() >= endNs || owner_.isStopping_) migration->abandon();
      report_.figures = before;
      auto soFar = migration->figures();
      soFar.slicesNs.clear();
      add(report_.figures, soFar);
      owner_.publish(report_);
    }
    report_.figures = before;
    add(report_.figures, migration->figures());
  }

  // Everybody back to the old generation, as far as they can.
  Result<void> rollBack(const std::string& why) {
    enter("rollingBack");
    report_.why = why;
    const auto back = controlled([this]() -> Result<void> {
      Result<void> all;
      for (Account& each : accounts_) each.former->setSuccessor(nullptr);
      for (Account& each : accounts_) {
        if (each.account->current() != each.next) continue;
        if (auto led = goBack(each); !led) all = led;
      }
      return all;
    });
    if (!back) log::error("plugin", "a rollback met a problem", {{"reason", back.error().message}});
    const plugin::MigrationFigures forward = report_.figures;
    plugin::MigrationOptions options;
    options.mostFailures = UINT64_MAX;
    // Only to what serves again: otherwise each would be the other's successor.
    for (Account& each : accounts_)
      if (each.next && each.account->current() == each.former) migrate(each.next, each.former, options);
    report_.figures = forward;
    report_.outcome = "rolledBack";
    return {};
  }

  // [control] With the options that the account has by now: the new instance alone may have been told of them.
  Result<void> goBack(Account& each) {
    if (auto led = each.account->redirect(each.former); !led) return led;
    if (!order_.options.empty() || each.account->options() == each.options) return {};
    const auto told = each.former->reconfigure(each.account->options());
    if (!told) return told.error();
    if (*told == plugin::Instance::Reconfigured::kApplied) return {};
    return fail(ErrorCode::kConflict, each.account->id() + " needs another reload for its new options");
  }

  void commit() {
    if (order_.options.empty()) {
      parts_.catalog.keepPrevious(*former_);
      parts_.catalog.promote(next_);
    } else {
      (void)parts_.control.run([this] {
        for (const Account& each : accounts_) each.account->setOptions(each.options);
      });
    }
    report_.outcome = report_.figures.stayed + report_.figures.failed > 0 ? "partial" : "committed";
    for (const Account& each : accounts_) {
      if (each.account->current() == each.next) continue;
      report_.outcome = "partial";
      report_.why = each.account->id() + " was started or stopped meanwhile";
    }
    enter("settling");
  }

  // What this thread holds goes, and the old generation with it unless connections stayed there.
  void release() {
    const bool isCommitted = report_.outcome == "committed" || report_.outcome == "partial";
    if (!next_ && !candidate_.copy.path.empty()) parts_.catalog.discard(candidate_);
    accounts_.clear();
    next_.reset();
    const uint64_t former = former_ ? former_->serial() : 0;
    former_.reset();
    if (!isCommitted || !order_.options.empty()) return;
    const End end = owner_.awaitEnd(former, report_.outcome == "partial" ? 0 : parts_.settleMs);
    report_.former = end ? plugin::toString(*end) : "serving";
  }

  /// A wait that nothing ends early: the canary is looked at now and then.
  struct Pause {
    std::mutex mutex;
    std::condition_variable never;
    void waitFor(uint64_t ms) {
      std::unique_lock lock(mutex);
      never.wait_for(lock, std::chrono::milliseconds(ms));
    }
  };

  PluginReloader& owner_;
  Parts& parts_;
  const ReloadOrder& order_;
  ReloadReport& report_;
  plugin::PluginCatalog::Candidate candidate_;
  std::shared_ptr<plugin::Generation> former_;
  std::shared_ptr<plugin::Generation> next_;
  std::vector<Account> accounts_;
  bool isLeading_ = false;
  uint64_t mostFailures_ = 0;  // as it was when the migration began
  Pause pause_;
};

Result<ReloadReport> PluginReloader::begin(ReloadOrder order) {
  ReloadReport report;
  report.verb = order.toPrevious ? "rollback" : "reload";
  report.isDryRun = order.isDryRun;
  report.channelId = order.channelId;
  const bool mayWait = !order.options.empty();
  return enqueue(std::move(report), mayWait,
                 [this, order = std::move(order)](ReloadReport& begun) { Run(*this, order, begun).run(); });
}

}  // namespace gw::channel
