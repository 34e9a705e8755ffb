// Blocking work (gw/work.h) without threads: jobs run where the test says so.
#include "testing/fake_host.h"
#include "testing/fake_tables.h"
#include "testing/plugin_call.h"

namespace gw::testing {
namespace {

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }

gw_status writeResult(void* ctx, gw_slice bytes) {
  const HostCall host;
  auto& result = *static_cast<std::string*>(ctx);
  if (bytes.len > GW_WORK_MAX_RESULT - result.size()) return GW_E_LIMIT;
  result += FakeTables::str(bytes);
  return GW_OK;
}

uint32_t isNeverUnwanted(void*) { return 0; }

}  // namespace

gw_status FakeConn::startWork(const gw_work_order& order) {
  if (closing_) return GW_E_STATE;
  if (order.run == nullptr || order.deadline_ms == 0 || order.deadline_ms > GW_WORK_MAX_DEADLINE_MS ||
      order.input_p.len > GW_WORK_MAX_INPUT) {
    return GW_E_INVALID;
  }
  if (generation_->work_ == nullptr) return GW_E_UNSUPPORTED;
  if (workResult != GW_OK) return workResult;
  if (jobs_.size() >= mostWork) return GW_E_AGAIN;
  works_.push_back({order.token, order.deadline_ms, FakeTables::str(order.input_p)});
  jobs_.push_back({works_.back(), order.run, host_.nowMs_ + order.deadline_ms});
  return GW_OK;
}

size_t FakeConn::runWork() {
  const std::vector<Job> waiting = std::exchange(jobs_, {});
  for (const Job& job : waiting) {
    std::string result;
    const gw_work_call call{sizeof(gw_work_call), &result, sliceOf(job.order.input), writeResult, isNeverUnwanted};
    const gw_status status = callPlugin("a job", nullptr, job.run, &call);
    tellWork(job, GW_WORK_RETURNED, status, result);
  }
  return waiting.size();
}

bool FakeConn::answerWork(gw_status status, std::string_view result, uint32_t outcome) {
  if (jobs_.empty()) return false;
  const Job job = jobs_.front();
  jobs_.erase(jobs_.begin());
  tellWork(job, outcome, status, result);
  return true;
}

void FakeConn::tellWork(const Job& job, uint32_t outcome, gw_status status, std::string_view result) {
  if (!canCall() || closing_ || generation_->work_ == nullptr) return;
  const gw_work_answer answer{sizeof(gw_work_answer), outcome, job.order.token, status, sliceOf(result)};
  callPlugin("answered", this, generation_->work_->answered, plugin_, &answer);
  afterCall();
}

void FakeConn::expireWork() {
  for (size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].deadlineAtMs > host_.nowMs_) continue;
    const Job job = jobs_[i];
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
    return tellWork(job, GW_WORK_OVERDUE, GW_E_LIMIT, {});
  }
}

}  // namespace gw::testing
