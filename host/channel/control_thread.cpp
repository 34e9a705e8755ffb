#include "channel/control_thread.h"

#include <pthread.h>

#include <exception>
#include <future>

#include "base/log.h"

namespace gw::channel {

ControlThread::ControlThread(std::string name, size_t queueLimit) : name_(std::move(name)), queueLimit_(queueLimit) {}

ControlThread::~ControlThread() { stop(); }

void ControlThread::start() {
  std::lock_guard lock(mutex_);
  if (thread_.joinable()) return;
  isStopping_ = false;
  thread_ = std::thread([this] { work(); });
}

void ControlThread::stop() {
  {
    std::lock_guard lock(mutex_);
    isStopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool ControlThread::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (isStopping_ || queue_.size() >= queueLimit_) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

Task ControlThread::postRequired(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (isStopping_ && !isInThread()) return task;
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return nullptr;
}

bool ControlThread::run(Task task) {
  if (isInThread()) {
    task();
    return true;
  }
  std::packaged_task<void()> job([&task] { task(); });
  auto done = job.get_future();
  if (!post([&job] { job(); })) return false;
  done.get();
  return true;
}

void ControlThread::drain() {
  std::promise<void> reached;
  auto done = reached.get_future();
  if (postRequired([&reached] { reached.set_value(); })) return;  // stopped: nothing is queued
  done.wait();
}

void ControlThread::work() {
  threadId_ = std::this_thread::get_id();
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return isStopping_ || !queue_.empty(); });
      if (queue_.empty()) break;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      task();
    } catch (const std::exception& e) {
      log::error("control", "a task failed", {{"reason", e.what()}});
    }
  }
  threadId_ = std::thread::id();
}

}  // namespace gw::channel
