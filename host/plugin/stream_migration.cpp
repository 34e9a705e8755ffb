// Stream: one connection's move to another instance, within one turn of its loop (gw/migrate.h).

#include <strings.h>

#include <algorithm>

#include "plugin/migration.h"
#include "plugin/plugin_call.h"
#include "plugin/stream.h"
#include "plugin/stream_calls.h"
#include "plugin/stream_class.h"
#include "plugin/stream_host.h"
#include "plugin/stream_shadow.h"

namespace gw::plugin {
namespace {

/// What a connection exported: perhaps what a client typed. Wiped, never logged.
class StateBytes {
 public:
  explicit StateBytes(const Generation& from, const Generation& to) {
    const auto limitOf = [](const Generation& of) {
      const uint32_t wanted = of.descriptor().max_state_bytes;
      return size_t{wanted > 0 ? wanted : GW_STATE_BYTES_DEFAULT};
    };
    limit_ = std::min(limitOf(from), limitOf(to));
    bytes_.reserve(std::min<size_t>(limit_, 512));
  }
  ~StateBytes() { explicit_bzero(bytes_.data(), bytes_.capacity()); }
  StateBytes(const StateBytes&) = delete;
  StateBytes& operator=(const StateBytes&) = delete;

  gw_slice view() const { return {bytes_.data(), bytes_.size()}; }

  /// The sink's write(): called by the plugin, so nothing may leave it as an exception.
  static gw_status write(void* ctx, gw_slice bytes) noexcept {
    auto& state = *static_cast<StateBytes*>(ctx);
    if (bytes.len > state.limit_ - state.bytes_.size()) return GW_E_LIMIT;
    try {
      state.grow(bytes.len);
      state.bytes_.append(bytes.ptr, bytes.len);
      return GW_OK;
    } catch (...) {
      return GW_E_NOMEM;
    }
  }

 private:
  // A string that grows by itself leaves its old bytes behind.
  void grow(size_t more) {
    if (bytes_.size() + more <= bytes_.capacity()) return;
    std::string larger;
    larger.reserve(std::max(bytes_.size() + more, 2 * bytes_.capacity()));
    larger = bytes_;
    explicit_bzero(bytes_.data(), bytes_.capacity());
    bytes_.swap(larger);
  }
  size_t limit_;
  std::string bytes_;
};

std::string because(const char* step, gw_status status, const gw_err& err) {
  const std::string said = sentence(err);
  return std::string(step) + ": " + (said.empty() ? "status " + std::to_string(status) : said);
}

}  // namespace

MoveOutcome Stream::migrate(const std::shared_ptr<Instance>& next, const StatePath& path) {
  if (path.version == 0) return {Moved::kStays, path.why};
  if (!opened_ || ended_ || closing_ || eofSeen_) return {Moved::kStays, "it is closing"};
  if (inPlugin_ > 0) return {Moved::kNotYet, "its plugin is being called"};
  PluginCall whole(*this);  // what comes meanwhile waits, and is for the new side
  const gw_migrate_ext& old = *instance_->generation().migrate();
  gw_err err{};
  const int32_t readiness = guarded("stream.quiesce", [&] { return old.quiesce(plugin_, &err); });
  if (readiness == GW_QUIESCE_NOT_YET) return {Moved::kNotYet, because("not yet", 0, err)};
  if (readiness != GW_QUIESCE_READY) return {Moved::kStays, because("never", readiness, err)};
  MoveOutcome outcome = ended_ ? MoveOutcome{Moved::kStays, "it is closing"} : moveQuiet(next, path.version);
  if (outcome.how != Moved::kMoved) guarded("stream.resume", [&] { old.resume(plugin_); });
  return outcome;
}

MoveOutcome Stream::moveQuiet(const std::shared_ptr<Instance>& next, uint32_t version) {
  StateBytes state(instance_->generation(), next->generation());
  gw_bytes_sink sink{&state, &StateBytes::write};
  gw_err err{};
  const gw_status exported = guarded("stream.export_state", [&] {
    return instance_->generation().migrate()->export_state(plugin_, version, &sink, &err);
  });
  if (exported != GW_OK) return {Moved::kFailed, because("export", exported, err)};

  Shadow shadow;
  gw_conn* made = nullptr;
  const gw_status imported = importInto(shadow, *next, version, state.view(), err, made);
  std::string problem;
  if (imported != GW_OK) return {Moved::kFailed, because("import", imported, err)};
  if (made == nullptr) return {Moved::kFailed, "import: it returned no connection"};
  StreamClass* nextClass = nullptr;
  if (const ClassWish* wish = shadow.wish()) {
    nextClass = host_->classes().acquire(next, wish->key, wish->flags, wish->description);
    if (!nextClass) problem = "too many classes of connections";
  } else if (class_) {
    problem = "import: it set no class";
  }
  if (shadow.isSpoilt()) problem = "import: " + shadow.problem();
  if (!problem.empty()) {
    if (nextClass) host_->classes().release(nextClass);
    CallbackGuard guard(*next, "stream.released");
    next->generation().migrate()->released(made);
    return {Moved::kFailed, problem};
  }
  becomeOf(next, made, nextClass, shadow);
  return {};
}

gw_status Stream::importInto(Shadow& shadow, Instance& next, uint32_t version, gw_slice state, gw_err& err,
                             gw_conn*& made) {
  const OpenInfo info(*this);
  shadow_ = &shadow;
  CallbackGuard guard(next, "stream.import_state");
  const gw_status status = next.generation().migrate()->import_state(next.raw(), asHostConn(), &info.view(), version,
                                                                     state, loop().nowNs(), &err, &made);
  shadow_ = nullptr;
  return status;
}

// The swap. Nothing here can fail.
void Stream::becomeOf(const std::shared_ptr<Instance>& next, gw_conn* made, StreamClass* nextClass, Shadow& shadow) {
  const std::shared_ptr<Instance> left = std::exchange(instance_, next);
  gw_conn* old = std::exchange(plugin_, made);
  left->counters().connections.fetch_sub(1, std::memory_order_relaxed);
  instance_->counters().connections.fetch_add(1, std::memory_order_relaxed);
  StreamClass* oldClass = std::exchange(class_, nextClass);
  if (oldClass) host_->classes().release(oldClass);
  shadow.release(*this);
  guarded("stream.commit", [&] { instance_->generation().migrate()->commit(plugin_); });
  connection_->kick();  // what the old side did not consume is offered again
  CallbackGuard guard(*left, "stream.released");
  left->generation().migrate()->released(old);
}

}  // namespace gw::plugin
