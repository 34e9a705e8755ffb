#include "plugin/instance.h"

#include <algorithm>

#include "base/log.h"
#include "plugin/plugin_call.h"
#include "plugin/reaper.h"

namespace gw::plugin {
namespace {

Error named(const std::string& accountId, const Error& error) {
  Error out = error;
  out.message = accountId + ": " + error.message;
  return out;
}

constexpr size_t kMaxHealthText = 256;

/// The sink's report(): called by the plugin, so nothing may leave it as an exception. The worst of
/// several reports counts; a level from the future counts as degraded.
void takeReport(void* ctx, uint32_t level, gw_slice text) noexcept {
  try {
    auto& health = *static_cast<PluginHealth*>(ctx);
    if (level > GW_HEALTH_FAILED) level = GW_HEALTH_DEGRADED;
    if (level < health.level) return;
    health.level = level;
    health.text.assign(text.ptr, text.len == 0 ? 0 : std::min(text.len, kMaxHealthText));
  } catch (...) {
    return;  // out of memory: the level is kept
  }
}

}  // namespace

Result<std::shared_ptr<Instance>> Instance::create(std::shared_ptr<Generation> generation, std::string accountId,
                                                   std::string optionsJson, std::shared_ptr<AccountTotals> totals) {
  std::shared_ptr<Instance> made(new Instance, [](Instance* instance) { reap([instance] { delete instance; }); });
  made->owner_ =
      &internCallbackOwner({generation->channelId(), generation->version(), accountId, generation->number()});
  made->generation_ = std::move(generation);
  made->accountId_ = std::move(accountId);
  made->totals_ = std::move(totals);
  const gw_instance_ops& ops = *made->generation_->plugin().instance;
  auto valid = callPlugin(*made->owner_, "validate_config",
                          [&](gw_err& err) { return ops.validate_config(slice(optionsJson), &err); });
  if (!valid) return named(made->accountId_, valid.error());
  gw_inst* raw = nullptr;
  auto created = callPlugin(*made->owner_, "create", [&](gw_err& err) {
    return ops.create(made->asHostInst(), slice(optionsJson), &err, &raw);
  });
  if (!created) return named(made->accountId_, created.error());
  if (raw == nullptr) return fail(ErrorCode::kInternal, made->accountId_ + ": create returned no instance");
  made->raw_ = raw;
  return made;
}

Result<void> Instance::start() {
  if (started_) return {};
  auto called =
      callPlugin(*owner_, "start", [&](gw_err& err) { return generation_->plugin().instance->start(raw_, &err); });
  if (!called) return named(accountId_, called.error());
  started_ = true;
  return {};
}

Result<void> Instance::selfTest() {
  const gw_health_ext* ext = generation_->health();
  if (ext == nullptr) return {};
  auto called = callPlugin(*owner_, "selftest", [&](gw_err& err) { return ext->selftest(raw_, &err); });
  if (!called) return named(accountId_, called.error());
  return called;
}

PluginHealth Instance::health() {
  PluginHealth health;
  const gw_health_ext* ext = generation_->health();
  if (ext == nullptr) return health;
  gw_health_sink sink{&health, &takeReport};
  auto called = callPlugin(*owner_, "health.report", [&](gw_err&) {
    ext->report(raw_, &sink);
    return GW_OK;
  });
  if (!called) return {GW_HEALTH_FAILED, called.error().message};
  return health;
}

Result<void> Instance::checkOptions(const std::string& optionsJson) {
  const gw_instance_ops& ops = *generation_->plugin().instance;
  auto valid = callPlugin(*owner_, "validate_config",
                          [&](gw_err& err) { return ops.validate_config(slice(optionsJson), &err); });
  if (!valid) return named(accountId_, valid.error());
  return valid;
}

Result<Instance::Reconfigured> Instance::reconfigure(const std::string& optionsJson) {
  const gw_instance_ops& ops = *generation_->plugin().instance;
  if (auto valid = checkOptions(optionsJson); !valid) return valid.error();
  int32_t result = GW_RECONF_REJECTED;
  auto called = callPlugin(*owner_, "reconfigure", [&](gw_err& err) {
    result = ops.reconfigure(raw_, slice(optionsJson), &err);
    return result == GW_RECONF_REJECTED ? GW_E_INVALID : GW_OK;
  });
  if (!called) return named(accountId_, called.error());
  return result == GW_RECONF_APPLIED ? Reconfigured::kApplied : Reconfigured::kNeedsInstance;
}

void Instance::drain(uint64_t deadlineMs) {
  isLeaving_.store(true, std::memory_order_release);
  auto called = callPlugin(*owner_, "drain", [&](gw_err&) {
    generation_->plugin().instance->drain(raw_, deadlineMs);
    return GW_OK;
  });
  if (!called) log::error("channel." + accountId_, called.error().message);
}

void Instance::setSuccessor(std::shared_ptr<Instance> successor) {
  const std::lock_guard lock(successorMutex_);
  successor_ = successor;
}

std::shared_ptr<Instance> Instance::successor() const {
  const std::lock_guard lock(successorMutex_);
  return successor_.lock();
}

void Instance::stop() {
  if (!started_) return;
  started_ = false;
  auto called = callPlugin(*owner_, "stop", [&](gw_err&) {
    generation_->plugin().instance->stop(raw_);
    return GW_OK;
  });
  if (!called) log::error("channel." + accountId_, called.error().message);
}

Instance::~Instance() {
  if (raw_ == nullptr) return;
  stop();
  auto called = callPlugin(*owner_, "destroy", [&](gw_err&) {
    generation_->plugin().instance->destroy(raw_);
    return GW_OK;
  });
  if (!called) log::error("channel." + accountId_, called.error().message);
}

}  // namespace gw::plugin
