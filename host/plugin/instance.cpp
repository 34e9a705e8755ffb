#include "plugin/instance.h"

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

}  // namespace

Result<std::shared_ptr<Instance>> Instance::create(std::shared_ptr<Generation> generation, std::string accountId,
                                                   std::string optionsJson) {
  std::shared_ptr<Instance> made(new Instance, [](Instance* instance) { reap([instance] { delete instance; }); });
  made->owner_ =
      &internCallbackOwner({generation->channelId(), generation->version(), accountId, generation->number()});
  made->generation_ = std::move(generation);
  made->accountId_ = std::move(accountId);
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

void Instance::drain(uint64_t deadlineMs) {
  auto called = callPlugin(*owner_, "drain", [&](gw_err&) {
    generation_->plugin().instance->drain(raw_, deadlineMs);
    return GW_OK;
  });
  if (!called) log::error("channel." + accountId_, called.error().message);
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
