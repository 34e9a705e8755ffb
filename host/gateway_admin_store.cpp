// The store as operators see it: figures of the workers, facts and care on a thread of their own.

#include "gateway_admin_ask.h"
#include "gateway_specs.h"

namespace gw {
namespace {

constexpr char kBusy[] = "the store's thread is busy with a check or a backup; try again";

Result<void> soundOr(const Result<std::vector<std::string>>& problems) {
  if (!problems) return problems.error();
  if (problems->empty()) return {};
  std::string all;
  for (const std::string& problem : *problems) all += (all.empty() ? "" : "; ") + problem;
  return fail(ErrorCode::kInternal, "the store is not sound: " + all);
}

}  // namespace

admin::StoreSnapshot GatewayAdmin::store() {
  const store::StoreFigures figures = gateway_.parts_->store->figures();
  admin::StoreSnapshot out;
  out.driver = gateway_.config_.storeDriver;
  out.place = storePlace(gateway_.config_);
  out.isUp = !figures.isDown;
  out.downSinceAt = figures.downSinceUs;
  out.queued = figures.queued;
  out.jobs = figures.jobs;
  out.commits = figures.commits;
  out.retries = figures.retries;
  out.refused = figures.refused;
  out.lastError = figures.lastError;
  auto answer = std::make_shared<Awaited<Result<store::StoreFacts>>>();
  const bool isQueued =
      gateway_.parts_->careThread.post([this, answer] { answer->set(gateway_.parts_->storeCare->facts()); });
  const auto facts = isQueued ? answer->wait() : std::nullopt;
  if (!facts || !*facts) {
    out.factsError = facts ? facts->error().message : "the store did not answer within 2 s";
    return out;
  }
  out.schemaVersion = (*facts)->schemaVersion;
  out.bytes = (*facts)->bytes;
  out.sessions = (*facts)->sessions;
  return out;
}

Result<admin::Operation> GatewayAdmin::checkStore() {
  return careOperation("store.check", [this] { return soundOr(gateway_.parts_->storeCare->check()); });
}

Result<admin::Operation> GatewayAdmin::backupStore(const std::string& file) {
  if (gateway_.config_.storeDriver == "postgres") return gateway_.parts_->storeCare->backup(file).error();
  return careOperation("store.backup", [this, file] { return gateway_.parts_->storeCare->backup(file); });
}

template <typename F>
Result<admin::Operation> GatewayAdmin::careOperation(const std::string& verb, F&& work) {
  const admin::Operation operation = beginOperation(verb, "store");
  const bool isQueued =
      gateway_.parts_->careThread.post([this, work, id = operation.id] { finishOperation(id, work()); });
  if (isQueued) return operation;
  finishOperation(operation.id, fail(ErrorCode::kUnavailable, kBusy));
  return fail(ErrorCode::kUnavailable, kBusy);
}

}  // namespace gw
