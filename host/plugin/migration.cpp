#include "plugin/migration.h"

#include <chrono>

#include "base/clock.h"
#include "plugin/stream_host.h"

namespace gw::plugin {

StatePath statePath(const Generation& from, const Generation& to) {
  if (!from.stateSchema()) return {0, "plugin version " + from.version() + " does not move connections"};
  if (!to.stateSchema()) return {0, "plugin version " + to.version() + " does not take connections over"};
  const gw_state_schema& old = *from.stateSchema();
  const gw_state_schema& next = *to.stateSchema();
  const auto id = [](const gw_state_schema& schema) { return std::string(schema.id.ptr, schema.id.len); };
  if (id(old) != id(next)) return {0, "their states differ: \"" + id(old) + "\" and \"" + id(next) + "\""};
  const uint32_t version = gw_state_common(&old, &next);
  if (version > 0) return {version, {}};
  return {0, "no state version in common: the one writes " + std::to_string(old.max_export_down) + ".." +
                 std::to_string(old.version) + ", the other reads " + std::to_string(next.min_import) + ".." +
                 std::to_string(next.version)};
}

/// One loop's streams. Lives as long as its last posted step.
class Migration::Share : public std::enable_shared_from_this<Share> {
 public:
  Share(std::shared_ptr<Migration> whole, StreamHost& host)
      : whole_(std::move(whole)),
        host_(host),
        retry_(
            host.loop().timers(), [](void* self) { static_cast<Share*>(self)->again(); }, this) {}

  void begin() {
    deadlineNs_ = host_.loop().nowNs() + whole_->options_.patienceMs * 1'000'000;
    host_.forEach([&](Stream& stream) {
      if (&stream.instance() == whole_->from_.get()) next_.push_back(stream.id());
    });
    {
      const std::lock_guard lock(whole_->mutex_);
      whole_->figures_.found += next_.size();
    }
    step();
  }

 private:
  void step() {
    const uint64_t startedNs = systemClock().nowNs();
    while (!next_.empty() && !whole_->isStopped_) {
      const uint64_t id = next_.back();
      next_.pop_back();
      moveOne(id);
      if (systemClock().nowNs() - startedNs >= whole_->options_.sliceNs) break;
    }
    if (slicesNs_.size() < kMostSlices) slicesNs_.push_back(systemClock().nowNs() - startedNs);
    if (whole_->isStopped_) return finish();
    if (!next_.empty()) return host_.loop().post([self = shared_from_this()] { self->step(); });
    if (notYet_.empty() || host_.loop().nowNs() >= deadlineNs_) return finish();
    waiting_ = shared_from_this();
    retry_.setAfterMs(whole_->options_.retryMs);
  }

  void again() {
    const auto self = std::exchange(waiting_, nullptr);
    next_.swap(notYet_);
    whyNotYet_.clear();
    step();
  }

  void moveOne(uint64_t id) {
    Stream* stream = host_.find(id);
    if (!stream || &stream->instance() != whole_->from_.get()) {
      const std::lock_guard lock(whole_->mutex_);
      ++whole_->figures_.gone;
      return;
    }
    MoveOutcome outcome = stream->migrate(whole_->to_, whole_->path_);
    if (outcome.how != Moved::kNotYet) return whole_->note(outcome);
    notYet_.push_back(id);
    whyNotYet_ = std::move(outcome.why);
  }

  void finish() {
    for (size_t i = 0; i < notYet_.size(); ++i) whole_->note({Moved::kStays, whyNotYet_});
    for (size_t i = 0; i < next_.size(); ++i) whole_->note({Moved::kStays, "the migration was stopped"});
    whole_->shareDone(slicesNs_);
  }

  const std::shared_ptr<Migration> whole_;
  StreamHost& host_;
  net::Timer retry_;
  std::shared_ptr<Share> waiting_;  // itself, while the timer is set
  std::vector<uint64_t> next_;
  std::vector<uint64_t> notYet_;
  std::string whyNotYet_;
  std::vector<uint64_t> slicesNs_;
  uint64_t deadlineNs_ = 0;
};

Migration::Migration(std::shared_ptr<Instance> from, std::shared_ptr<Instance> to, const MigrationOptions& options)
    : from_(std::move(from)),
      to_(std::move(to)),
      path_(statePath(from_->generation(), to_->generation())),
      options_(options) {}

Migration::~Migration() = default;

void Migration::start(const std::vector<StreamHost*>& loops) {
  {
    const std::lock_guard lock(mutex_);
    loopsLeft_ = loops.size();
  }
  for (StreamHost* host : loops)
    host->loop().post([self = shared_from_this(), host] { std::make_shared<Share>(self, *host)->begin(); });
}

bool Migration::wait(uint64_t ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return loopsLeft_ == 0; });
}

void Migration::note(const MoveOutcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (outcome.how == Moved::kMoved) {
    ++figures_.moved;
    return;
  }
  const bool isFailure = outcome.how == Moved::kFailed;
  ++(isFailure ? figures_.failed : figures_.stayed);
  const bool isKnown = figures_.reasons.count(outcome.why) > 0;
  ++figures_.reasons[isKnown || figures_.reasons.size() < kMostReasons ? outcome.why : "other reasons"];
  if (figures_.failed > options_.mostFailures) isStopped_ = true;
}

void Migration::shareDone(const std::vector<uint64_t>& slicesNs) {
  const std::lock_guard lock(mutex_);
  const size_t room = kMostSlices - figures_.slicesNs.size();
  figures_.slicesNs.insert(figures_.slicesNs.end(), slicesNs.begin(),
                           slicesNs.begin() + static_cast<std::ptrdiff_t>(std::min(room, slicesNs.size())));
  figures_.wasStopped = isStopped_;
  if (--loopsLeft_ == 0) changed_.notify_all();
}

MigrationFigures Migration::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

}  // namespace gw::plugin
