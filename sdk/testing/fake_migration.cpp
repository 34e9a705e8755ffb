// Moving a connection to another generation, step by step as gw/migrate.h says.
#include "gw/slice.hpp"
#include "testing/fake_host.h"

namespace gw::testing {
namespace {

using Outcome = FakeMigration::Outcome;

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }
std::string_view viewOf(gw_slice slice) {
  return slice.len == 0 ? std::string_view{} : std::string_view{slice.ptr, slice.len};
}

struct Bounded {
  std::string bytes;
  size_t most;
};

gw_status writeBounded(void* ctx, gw_slice bytes) {
  auto& sink = *static_cast<Bounded*>(ctx);
  if (bytes.len > sink.most - sink.bytes.size()) return GW_E_LIMIT;
  sink.bytes.append(viewOf(bytes));
  return GW_OK;
}

}  // namespace

/// One move of one connection.
class FakeMove {
 public:
  using Phase = FakeConn::Phase;

  FakeMove(FakeHost& host, FakeConn& conn, FakeGeneration& to) : host_(host), conn_(conn), to_(to) {}

  FakeMigration run(bool isRehearsal) {
    if (!isPossible() || !quiesce()) return result_;
    before_ = asked();
    const bool isImported = exportState() && importState(result_.version, result_.state);
    if (isImported && !isRehearsal) {
      swap();
    } else {
      if (shadow_ != nullptr) release(to_, shadow_);
      restore();
      conn_.generation_->migrate_->resume(conn_.plugin_);
      conn_.afterCall();
    }
    checkManners();
    return result_;
  }

  /// The import and the commit alone; conn_ has no plugin side yet.
  bool adopt(uint32_t version, std::string_view state) {
    before_ = asked();
    if (!importState(version, state)) {
      if (shadow_ != nullptr) release(to_, shadow_);
      restore();
      host_.error_ = result_.reason;
      return false;
    }
    swap();
    return true;
  }

 private:
  /// What a plugin can ask for before its commit.
  struct Asked {
    std::string sent;
    std::map<uint32_t, uint64_t> timers;
    std::vector<RecordedClass> classes;
    std::optional<RecordedClose> close;
    bool hasClass, readPaused, wantsOffer;
  };
  Asked asked() const {
    return {conn_.sent_,     conn_.timers_,     conn_.classes_,   conn_.close_,
            conn_.hasClass_, conn_.readPaused_, conn_.wantsOffer_};
  }
  void restore() {
    conn_.sent_ = before_.sent;
    conn_.timers_ = before_.timers;
    conn_.classes_ = before_.classes;
    conn_.close_ = before_.close;
    conn_.hasClass_ = before_.hasClass;
    conn_.readPaused_ = before_.readPaused;
    conn_.wantsOffer_ = before_.wantsOffer;
  }

  bool end(Outcome outcome, std::string reason) {
    result_.outcome = outcome;
    result_.reason = std::move(reason);
    return false;
  }
  bool fail(std::string reason) { return end(Outcome::kFailed, std::move(reason)); }

  bool isPossible() {
    if (!conn_.canCall() || conn_.closing_ || conn_.isEof_) return end(Outcome::kNever, "the connection is ending");
    const gw_migrate_ext* from = conn_.generation_->migrate_;
    if (from == nullptr || to_.migrate_ == nullptr) return end(Outcome::kNever, "the plugin lacks gw.migrate/1");
    const gw_state_schema old = sdk::asWritten(*from->schema());
    const gw_state_schema next = sdk::asWritten(*to_.migrate_->schema());
    if (viewOf(old.id) != viewOf(next.id)) return end(Outcome::kNever, "the state schemas differ");
    result_.version = gw_state_common(&old, &next);
    return result_.version != 0 || end(Outcome::kNever, "no version of the state is common to both");
  }

  bool quiesce() {
    gw_err err{};
    const int32_t answer = conn_.generation_->migrate_->quiesce(conn_.plugin_, &err);
    if (answer == GW_QUIESCE_READY) return true;
    return end(answer == GW_QUIESCE_NOT_YET ? Outcome::kNotYet : Outcome::kNever, err.text);
  }

  bool exportState() {
    std::string again;
    if (!exportOnce(result_.state) || !exportOnce(again)) return false;
    return again == result_.state || fail("two exports of the same state differ");
  }
  bool exportOnce(std::string& out) {
    Bounded buffer{{}, conn_.generation_->maxStateBytes()};
    gw_bytes_sink sink{&buffer, writeBounded};
    gw_err err{};
    conn_.phase_ = Phase::kSilent;
    const gw_status status = conn_.generation_->migrate_->export_state(conn_.plugin_, result_.version, &sink, &err);
    conn_.phase_ = Phase::kLive;
    out = std::move(buffer.bytes);
    return status == GW_OK || fail(err.text[0] == '\0' ? "the export failed" : err.text);
  }

  bool importState(uint32_t version, std::string_view state) {
    if (state.size() > to_.maxStateBytes()) return fail("the state is above max_state_bytes");
    const gw_open_info info = conn_.info();
    gw_err err{};
    conn_.phase_ = Phase::kShadow;
    conn_.hasClass_ = false;
    const gw_status status = to_.migrate_->import_state(to_.inst_, conn_.raw(), &info, version, sliceOf(state),
                                                        host_.nowNs(), &err, &shadow_);
    conn_.phase_ = Phase::kLive;
    if (status != GW_OK) return fail(err.text[0] == '\0' ? "the import failed" : err.text);
    if (conn_.close_.has_value()) return fail("the import closed the connection");
    if (before_.hasClass && !conn_.hasClass_) return fail("the import set no class");
    result_.outcome = Outcome::kMoved;
    return true;
  }

  void swap() {
    gw_conn* old = std::exchange(conn_.plugin_, shadow_);
    FakeGeneration& from = *std::exchange(conn_.generation_, &to_);
    to_.migrate_->commit(shadow_);
    if (old != nullptr) release(from, old);
    conn_.afterCall();
    conn_.offer();
  }

  void release(FakeGeneration& generation, gw_conn* side) {
    conn_.phase_ = Phase::kSilent;
    generation.migrate_->released(side);
    conn_.phase_ = Phase::kLive;
  }

  void checkManners() {
    if (std::exchange(conn_.isMisused_, false)) fail("export_state or released called the host");
  }

  FakeHost& host_;
  FakeConn& conn_;
  FakeGeneration& to_;
  gw_conn* shadow_ = nullptr;
  Asked before_{};
  FakeMigration result_;
};

FakeMigration FakeHost::migrate(FakeConn& conn, FakeGeneration& to) { return FakeMove(*this, conn, to).run(false); }

FakeMigration FakeHost::rehearse(FakeConn& conn, FakeGeneration& to) { return FakeMove(*this, conn, to).run(true); }

std::unique_ptr<FakeConn> FakeHost::adopt(uint32_t version, std::string_view state, OpenOptions options) {
  if (generation().migrate() == nullptr) {
    error_ = "the plugin lacks gw.migrate/1";
    return nullptr;
  }
  auto conn = std::make_unique<FakeConn>(*this, generation(), std::move(options));
  if (!FakeMove(*this, *conn, generation()).adopt(version, state)) conn.reset();
  return conn;
}

}  // namespace gw::testing
