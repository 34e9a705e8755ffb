// Moving a connection to another generation, step by step as gw/migrate.h says.
#include "gw/slice.hpp"
#include "testing/fake_host.h"
#include "testing/guarded.h"
#include "testing/plugin_call.h"

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
      callPlugin("resume", &conn_, conn_.generation_->migrate_->resume, conn_.plugin_);
      conn_.afterCall();
    }
    checkManners();
    return result_;
  }

  FakeMigration exportAs(uint32_t version) {
    if (!isPossible() || !quiesce()) return result_;
    result_.version = version;
    result_.state.clear();
    if (exportState()) result_.outcome = Outcome::kMoved;
    callPlugin("resume", &conn_, conn_.generation_->migrate_->resume, conn_.plugin_);
    conn_.afterCall();
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
    const gw_state_schema old = sdk::asWritten(*callPlugin("schema", nullptr, from->schema));
    const gw_state_schema next = sdk::asWritten(*callPlugin("schema", nullptr, to_.migrate_->schema));
    if (viewOf(old.id) != viewOf(next.id)) return end(Outcome::kNever, "the state schemas differ");
    result_.version = gw_state_common(&old, &next);
    return result_.version != 0 || end(Outcome::kNever, "no version of the state is common to both");
  }

  bool quiesce() {
    GuardedErr err;
    std::string why;
    const int32_t answer =
        callPlugin("quiesce", &conn_, conn_.generation_->migrate_->quiesce, conn_.plugin_, err.ptr());
    host_.checked("quiesce", GW_OK, err, why);
    if (answer == GW_QUIESCE_READY) return true;
    return end(answer == GW_QUIESCE_NOT_YET ? Outcome::kNotYet : Outcome::kNever, why);
  }

  bool exportState() {
    std::string again;
    if (!exportOnce(result_.state) || !exportOnce(again)) return false;
    return again == result_.state || fail("two exports of the same state differ");
  }
  bool exportOnce(std::string& out) {
    Bounded buffer{{}, conn_.generation_->maxStateBytes()};
    gw_bytes_sink sink{&buffer, writeBounded};
    GuardedErr err;
    std::string why;
    conn_.phase_ = Phase::kSilent;
    const gw_status status = callPlugin("export_state", &conn_, conn_.generation_->migrate_->export_state,
                                        conn_.plugin_, result_.version, &sink, err.ptr());
    conn_.phase_ = Phase::kLive;
    out = std::move(buffer.bytes);
    return host_.checked("export_state", status, err, why) == GW_OK || fail(why.empty() ? "the export failed" : why);
  }

  bool importState(uint32_t version, std::string_view state) {
    if (state.size() > to_.maxStateBytes()) return fail("the state is above max_state_bytes");
    const gw_open_info info = conn_.info();
    GuardedErr err;
    std::string why;
    conn_.phase_ = Phase::kShadow;
    conn_.hasClass_ = false;
    const gw_status status = callPlugin("import_state", &conn_, to_.migrate_->import_state, to_.inst_, conn_.raw(),
                                        &info, version, sliceOf(state), host_.nowNs(), err.ptr(), &shadow_);
    conn_.phase_ = Phase::kLive;
    if (host_.checked("import_state", status, err, why) != GW_OK) {
      // A pointer that a failed import has left behind is nobody's.
      if (std::exchange(shadow_, nullptr) != nullptr)
        host_.violations_.add("import_state failed and wrote *conn_out: outputs are written on success only");
      return fail(why.empty() ? "the import failed" : why);
    }
    if (shadow_ == nullptr) return fail("import_state returned GW_OK and no connection");
    if (conn_.close_.has_value()) return fail("the import closed the connection");
    if (before_.hasClass && !conn_.hasClass_) return fail("the import set no class");
    result_.outcome = Outcome::kMoved;
    return true;
  }

  void swap() {
    gw_conn* old = std::exchange(conn_.plugin_, shadow_);
    FakeGeneration& from = *std::exchange(conn_.generation_, &to_);
    callPlugin("commit", &conn_, to_.migrate_->commit, shadow_);
    if (old != nullptr) release(from, old);
    conn_.afterCall();
    conn_.offer();
  }

  void release(FakeGeneration& generation, gw_conn* side) {
    conn_.phase_ = Phase::kSilent;
    callPlugin("released", &conn_, generation.migrate_->released, side);
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

FakeMigration FakeHost::exportState(FakeConn& conn, uint32_t version) {
  return FakeMove(*this, conn, *conn.generation_).exportAs(version);
}

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
