#include "plugin/stream_work.h"

#include <string.h>

#include "base/clock.h"
#include "plugin/instance.h"
#include "plugin/stream.h"
#include "plugin/stream_calls.h"
#include "plugin/stream_host.h"

namespace gw::plugin {
namespace {

/// A job holds its generation, not its instance: an account can be stopped while it runs.
class WorkPin {
 public:
  explicit WorkPin(std::shared_ptr<Generation> generation) : generation_(std::move(generation)) {
    generation_->countWork(1);
  }
  ~WorkPin() { generation_->countWork(-1); }
  WorkPin(const WorkPin&) = delete;
  WorkPin& operator=(const WorkPin&) = delete;

 private:
  const std::shared_ptr<Generation> generation_;
};

bool isSound(const gw_work_order& order) {
  return order.run != nullptr && order.deadline_ms > 0 && order.deadline_ms <= GW_WORK_MAX_DEADLINE_MS &&
         order.input_p.len <= GW_WORK_MAX_INPUT;
}

}  // namespace

StreamWork::StreamWork(std::shared_ptr<BlockingWork> pool, uint64_t streamId, WorkHome& home)
    : pool_(std::move(pool)), streamId_(streamId), home_(&home) {}

StreamWork::~StreamWork() {
  for (const WorkJobPtr& job : jobs_) pool_->forget(*job);
}

gw_status StreamWork::start(const Instance& instance, const gw_work_order& order) {
  const std::shared_ptr<AccountTotals>& totals = instance.sharedTotals();
  if (jobs_.size() >= kMost) {
    ++totals->work.refused;
    return GW_E_AGAIN;
  }
  const auto job = std::make_shared<WorkJob>();
  job->run = order.run;
  job->token = order.token;
  job->streamId = streamId_;
  job->deadlineNs = systemClock().nowNs() + order.deadline_ms * 1'000'000;
  job->account = instance.accountId();
  // A new generation gets threads also while those of an old one are stuck: it may be the cure.
  job->lane = job->account + " generation " + std::to_string(instance.generation().number());
  if (order.input_p.len > 0) job->input.assign(order.input_p.ptr, order.input_p.len);
  job->totals = std::shared_ptr<WorkTotals>(totals, &totals->work);
  job->home = home_;
  job->pin = std::make_shared<WorkPin>(instance.sharedGeneration());
  jobs_.reserve(kMost);  // nothing may fail once it is started
  const gw_status status = pool_->start(job);
  if (status == GW_OK) jobs_.push_back(job);
  return status;
}

std::optional<WorkAnswer> StreamWork::take() {
  for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
    if (auto answer = pool_->take(**job)) {
      jobs_.erase(job);
      return answer;
    }
  }
  return std::nullopt;
}

void StreamWork::leave() {
  home_ = nullptr;
  for (const WorkJobPtr& job : jobs_) pool_->setHome(*job, nullptr);
}

void StreamWork::enter(WorkHome& home) {
  home_ = &home;
  for (const WorkJobPtr& job : jobs_) pool_->setHome(*job, &home);
}

// --- the stream's side --------------------------------------------------------------------------

gw_status Stream::startWork(const gw_work_order& order) {
  if (!isUsable()) return GW_E_STATE;
  if (!isSound(order)) return GW_E_INVALID;
  if (!instance_->generation().work()) return GW_E_UNSUPPORTED;
  if (!work_) work_ = std::make_unique<StreamWork>(host_->work(), id_, *host_);
  const gw_status status = work_->start(*instance_, order);
  if (work_->isEmpty()) work_.reset();
  return status;
}

void Stream::answerWork() {
  if (!work_) return;
  if (inPlugin_ > 0) return deferred_.emplace_back([this] { answerWork(); }), void();
  while (work_) {  // the plugin may ask for more, or close, in between
    auto answer = work_->take();
    if (!answer) break;
    tellWork(*answer);
    explicit_bzero(answer->result.data(), answer->result.size());
  }
  if (work_ && work_->isEmpty()) work_.reset();  // an idle connection keeps none
}

void Stream::tellWork(const WorkAnswer& answer) {
  WorkTotals& totals = instance_->totals().work;
  const gw_work_ext* table = instance_->generation().work();
  if (!table || ended_ || closing_ || !opened_) return ++totals.dropped, void();
  ++(answer.outcome == GW_WORK_RETURNED  ? totals.answered
     : answer.outcome == GW_WORK_OVERDUE ? totals.overdue
                                         : totals.failed);
  const gw_work_answer message{sizeof(gw_work_answer),
                               answer.outcome,
                               answer.token,
                               answer.status,
                               {answer.result.data(), answer.result.size()}};
  guarded("stream.work_answered", [&] { table->answered(plugin_, &message); });
}

}  // namespace gw::plugin
