#pragma once
// FakeHost: a host without sockets, threads or time, for tests of a channel plugin.
//
// It implements gw_host's tables, drives a plugin from its gw_plugin table (linked statically:
// gw::sdk::pluginTable<MyChannel>(); or loaded: PluginFile), and records all that the plugin does.
// It keeps the host's promises: bytes not consumed are offered again, submit says AGAIN while a hello
// is pending, events wait for a class, one encode per (event, class), head + body + tail as one unit,
// the current prompt again after a turn's last text for classes with GW_CLASS_REPROMPT. What the plugin does
// against the contract is recorded: violations().
//
// Thread: one makes, advances and ends a FakeHost. Its connections may be driven from several threads, each by one
// at a time, and encode() called from any. At most one FakeHost lives at a time (the tables are plain functions).

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gw/config.h"
#include "gw/encode.h"
#include "gw/health.h"
#include "gw/http.h"
#include "gw/login.h"
#include "gw/migrate.h"
#include "gw/plugin.h"
#include "gw/stream.h"
#include "gw/work.h"
#include "testing/fake_records.h"
#include "testing/fake_violations.h"

namespace gw::testing {

class FakeHost;
struct GuardedErr;

/// A plugin as it was loaded once, with one instance of it.
class FakeGeneration {
 public:
  FakeGeneration(const gw_plugin& plugin, bool isInitialised);
  ~FakeGeneration();
  FakeGeneration(const FakeGeneration&) = delete;

  bool ok() const { return inst_ != nullptr; }
  const std::string& error() const { return error_; }
  const gw_plugin& plugin() const { return plugin_; }
  gw_inst* instance() const { return inst_; }
  const gw_migrate_ext* migrate() const { return migrate_; }
  size_t maxStateBytes() const;

 private:
  friend class FakeConn;
  friend class FakeHost;
  friend class FakeMove;
  friend class FakeRequest;
  bool init(FakeHost& host);
  void start(FakeHost& host, std::string_view options);

  const gw_plugin& plugin_;
  gw_inst* inst_ = nullptr;
  bool isInitialised_;
  std::string error_;
  const gw_stream_ext* stream_ = nullptr;
  const gw_encode_ext* encode_ = nullptr;
  const gw_http_ext* http_ = nullptr;
  const gw_health_ext* health_ = nullptr;
  const gw_config_ext* config_ = nullptr;
  const gw_login_ext* login_ = nullptr;
  const gw_work_ext* work_ = nullptr;
  const gw_migrate_ext* migrate_ = nullptr;
};

/// One connection of the plugin under test. Made by FakeHost::open or an accepted FakeRequest.
class FakeConn {
 public:
  FakeConn(FakeHost& host, FakeGeneration& generation, OpenOptions options);
  ~FakeConn();  // calls closed() if the plugin has not been told yet
  FakeConn(const FakeConn&) = delete;

  // --- what the peer does
  /// Bytes arrive; data() is called until nothing is left, or nothing more is consumed.
  void receive(std::string_view bytes);
  void eof();

  // --- what the host does
  /// Encodes (once per class) and wraps, as the host would; waits for a class if there is none.
  void deliver(const FakeEvent& event, uint64_t seq = 0, uint64_t epoch = 1);
  /// End of a loop turn: queues the current prompt again where the class asks for it.
  void endTurn();
  void answerHello(gw_status status = GW_OK, std::string_view json = "{}");
  void event(uint64_t token, gw_status status, std::string_view json);
  void notice(uint32_t kind, uint64_t a = 0, uint64_t b = 0);
  /// Nothing happens if the plugin has no gw.login/1.
  void login(const FakeLogin& what);
  /// Runs the jobs that wait, here, and answers each; what they start in turn waits for the next call. How many ran.
  size_t runWork();
  /// Answers the job that has waited longest without running it; false if none waits.
  bool answerWork(gw_status status, std::string_view result, uint32_t outcome = GW_WORK_RETURNED);
  void writable();
  void closeBegin(uint32_t code, std::string_view text = {}, uint64_t graceMs = 1000);
  void closed(uint32_t code = GW_CLOSE_LOST);
  /// Offers unconsumed bytes again, as after a pending answer or an AGAIN.
  void retry();

  // --- what the plugin did
  bool isOpen() const { return plugin_ != nullptr; }
  std::string takeSent() { return std::exchange(sent_, {}); }
  const std::string& sent() const { return sent_; }
  const std::string& unread() const { return unread_; }
  const std::vector<RecordedHello>& hellos() const { return hellos_; }
  const std::vector<RecordedInput>& inputs() const { return inputs_; }
  /// The text of all accepted LINE inputs.
  std::vector<std::string> lines() const;
  const std::vector<std::string>& frames() const { return frames_; }
  /// What sign_in was given and took (signInResult was GW_OK).
  const std::vector<RecordedSignIn>& signIns() const { return signIns_; }
  /// What blocking work was started, also what has been answered.
  const std::vector<RecordedWork>& works() const { return works_; }
  size_t waitingWork() const { return jobs_.size(); }
  const std::vector<std::pair<uint64_t, uint64_t>>& acks() const { return acks_; }
  const std::vector<RecordedClass>& classes() const { return classes_; }
  const std::optional<RecordedClose>& closedBy() const { return close_; }
  bool isReadPaused() const { return readPaused_; }
  const OpenOptions& openOptions() const { return options_; }
  bool isHelloPending() const { return pendingHello_.has_value(); }
  /// Absolute time, in milliseconds of the fake clock.
  const std::map<uint32_t, uint64_t>& timers() const { return timers_; }
  uint32_t charged() const { return charged_; }

  // --- what the host answers from now on
  gw_status sendResult = GW_OK;
  gw_status submitResult = GW_OK;
  gw_status frameResult = GW_OK;
  gw_status signInResult = GW_OK;
  gw_status workResult = GW_OK;
  size_t mostWork = 4;                 // unanswered; more get GW_E_AGAIN
  uint32_t chargeLimit = UINT32_MAX;   // charge() fails above it
  std::optional<uint32_t> againAfter;  // so many submits and frames are taken, then one is answered AGAIN
  bool autoAnswerHello = false;        // answers at the end of the call that said hello

 private:
  friend class FakeHost;
  friend class FakeMove;
  friend struct FakeTables;
  /// What the plugin may ask for: everything; what is kept back from a shadow; nothing.
  enum class Phase { kLive, kShadow, kSilent };
  enum class Reach { kAlsoShadow, kLiveOnly };

  gw_host_conn* raw() { return reinterpret_cast<gw_host_conn*>(this); }
  bool canCall() const { return plugin_ != nullptr && !close_.has_value(); }
  bool admits(const char* function, Reach reach);
  bool isRefusedOnce();
  const gw_stream_ext& api() const { return *generation_->stream_; }
  gw_open_info info() const;
  void open();
  void offer();
  void afterCall();
  void queueUnit(const FakeEvent& event, uint64_t seq, uint64_t epoch);
  /// False: wrap failed, or broke its bounds.
  bool wrapInto(const gw_event& event, const std::string& body, uint64_t seq, uint64_t epoch);
  void fireTimer(uint32_t id);
  struct Job {
    RecordedWork order;
    gw_work_fn run;
    uint64_t deadlineAtMs;
  };
  gw_status startWork(const gw_work_order& order);
  void tellWork(const Job& job, uint32_t outcome, gw_status status, std::string_view result);
  void expireWork();

  FakeHost& host_;
  FakeGeneration* generation_;
  OpenOptions options_;
  Phase phase_ = Phase::kLive;
  bool isMisused_ = false;  // called when nothing may be
  bool hasClass_ = false;
  bool isEof_ = false;
  gw_conn* plugin_ = nullptr;
  std::string sent_, unread_;
  std::vector<RecordedHello> hellos_;
  std::vector<RecordedInput> inputs_;
  std::vector<std::string> frames_;
  std::vector<RecordedSignIn> signIns_;
  std::vector<RecordedWork> works_;
  std::vector<Job> jobs_;  // unanswered
  std::vector<std::pair<uint64_t, uint64_t>> acks_;
  std::vector<RecordedClass> classes_;
  std::optional<RecordedClose> close_;
  std::map<uint32_t, uint64_t> timers_;
  std::optional<uint64_t> pendingHello_;
  struct Waiting {
    FakeEvent event;
    uint64_t seq, epoch;
  };
  std::vector<Waiting> waiting_;
  std::optional<FakeEvent> prompt_;
  bool textInTurn_ = false;
  bool readPaused_ = false;
  bool wantsOffer_ = false;  // read_resume was called
  bool closing_ = false;
  uint32_t charged_ = 0;
};

/// An HTTP request to the plugin under test. Made by FakeHost::request.
class FakeRequest {
 public:
  struct Reply {
    uint32_t status = 0;
    Headers headers;
    std::string body;
  };
  struct Accept {
    uint32_t mode = 0;
    Headers headers;
    std::string subprotocol, extensions;
    uint64_t user = 0;
  };
  struct Bind {
    uint32_t kind = 0;
    std::string credential;
    uint64_t epoch = 0, seq = 0, token = 0;
  };
  struct Frame {
    std::string bearer, json;
    uint64_t token = 0;
  };

  int32_t result = 0;     // GW_HTTP_* or a negative status
  std::string errorText;  // for GW_HTTP_REJECT
  std::optional<Reply> reply;
  std::optional<Accept> accept;
  std::vector<Bind> binds;
  std::vector<Frame> frames;
  bool isBound = false;  // a bind was answered with GW_OK

  /// Answers the latest bind or frame.
  void answer(gw_status status, uint32_t httpStatus, std::string_view body = {}, std::string_view setCookie = {});
  /// After accept: the stream, opened as the host does.
  std::unique_ptr<FakeConn> openStream(OpenOptions options = {});

 private:
  friend class FakeHost;
  friend struct FakeTables;
  void checkResult();
  FakeHost* host_ = nullptr;
  uint64_t lastToken_ = 0;
};

class FakeHost {
 public:
  struct RouteRecord {
    std::string method, path;
    uint32_t maxBodyBytes = 0, flags = 0;
  };

  /// Calls init, validate_config, create and start; on failure error() says why and ok() is false.
  explicit FakeHost(const gw_plugin& plugin, std::string_view options = "{}");
  ~FakeHost();  // as end()
  /// stop, destroy, deinit; close all connections first. After it only violations() and logs() may be asked.
  void end();
  FakeHost(const FakeHost&) = delete;

  bool ok() const { return generations_.front()->ok(); }
  const std::string& error() const { return error_; }
  /// Of init, validate_config, create or start, whichever failed.
  gw_status status() const { return status_; }
  gw_status validate(std::string_view options);  // error() is set on failure
  int32_t reconfigure(std::string_view options);
  gw_status selftest();  // error() is set on failure
  std::pair<uint32_t, std::string> healthReport();
  std::string configSchema() const;
  std::vector<RouteRecord> routes();

  /// Null if the plugin refused.
  std::unique_ptr<FakeConn> open(OpenOptions options = {});
  std::unique_ptr<FakeConn> open(FakeGeneration& generation, OpenOptions options = {});

  /// Another generation of the plugin for connections to move to; its table may be the same one. Ask ok() of it.
  FakeGeneration& load(const gw_plugin& plugin, std::string_view options = "{}");
  /// The one that open() and request() use.
  FakeGeneration& generation() { return *generations_.front(); }
  /// Moves a connection as the host does: quiesce, export, import into a shadow whose actions are kept back, swap,
  /// commit, released; then offers what was not consumed. Whatever fails before the swap leaves it as it was.
  FakeMigration migrate(FakeConn& conn, FakeGeneration& to);
  /// The same up to a good import (kMoved), which is then given up: the connection goes on where it was.
  FakeMigration rehearse(FakeConn& conn, FakeGeneration& to);
  /// A connection made from a state alone, as if it had moved here. Null: refused, error() says why.
  std::unique_ptr<FakeConn> adopt(uint32_t version, std::string_view state, OpenOptions options = {});
  /// quiesce, export in this version (two times, to compare) and resume: kMoved if there is a state.
  FakeMigration exportState(FakeConn& conn, uint32_t version);
  std::unique_ptr<FakeRequest> request(std::string_view method, std::string_view path, std::string_view query = {},
                                       const Headers& headers = {}, std::string_view body = {});
  /// The body of an event for a class; empty optional if the plugin skips it. Not cached.
  std::optional<std::string> encode(std::string_view classDescription, const FakeEvent& event);

  /// Moves the clock and fires the timers that are due, in order; a job that waits beyond its deadline is overdue.
  void advance(uint64_t ms);
  uint64_t nowNs() const { return nowMs_ * 1'000'000; }

  /// What the plugin did against the contract until now; empty is good.
  std::vector<std::string> violations() const { return violations_.all(); }
  const std::vector<RecordedLog>& logs() const { return logs_; }
  int64_t metric(std::string_view name) const;  // 0 if not defined
  std::map<std::string, int64_t> metrics() const;
  /// How often encode was called through connections: once per (event, class).
  uint64_t encodeCalls() const { return encodeCalls_; }
  const gw_plugin& plugin() const { return generations_.front()->plugin(); }
  const gw_host& table() const;
  /// The plugin's own instance, to call its tables directly.
  gw_inst* instance() const { return generations_.front()->instance(); }

 private:
  friend class FakeConn;
  friend class FakeGeneration;
  friend class FakeMove;
  friend class FakeRequest;
  friend struct FakeTables;
  struct MetricRecord {
    std::string name;
    int64_t value = 0;
  };
  /// One encode per (event, class, generation): deliver the same FakeEvent object to many connections.
  std::optional<std::string> encodeCached(const FakeGeneration& generation, const RecordedClass& cls,
                                          const FakeEvent& event);
  static std::optional<std::string> encodeBy(const FakeGeneration& generation, std::string_view classDescription,
                                             const FakeEvent& event);
  bool isAlive(const FakeConn* conn) const;
  /// GW_OK, or a failure that the contract knows; records anything else. Reads the err's text into `text`.
  gw_status checked(const char* function, gw_status status, const GuardedErr& err, std::string& text);
  /// As checked, and kept for status().
  gw_status checkedMaking(const char* function, gw_status status, const GuardedErr& err, std::string& text);

  mutable std::mutex mutex_;  // conns_, logs_, metrics_, cache_, encodeCalls_
  FakeViolations violations_;
  std::vector<std::unique_ptr<FakeGeneration>> generations_;  // in the order of loading
  std::string error_;
  gw_status status_ = GW_OK;
  uint64_t nowMs_ = 1000;
  uint64_t encodeCalls_ = 0;
  std::vector<FakeConn*> conns_;
  std::vector<RecordedLog> logs_;
  std::vector<MetricRecord> metrics_;
  struct CacheEntry {
    std::string key;
    std::optional<std::string> body;
  };
  std::vector<CacheEntry> cache_;  // the latest few events
};

/// Buffers of buf_new that have not been unref'd, of all FakeHosts so far.
size_t liveBuffers();

/// A plugin library, loaded for a test: dlopen(RTLD_NOW | RTLD_LOCAL), entry, dlclose at the end.
class PluginFile {
 public:
  explicit PluginFile(const std::string& path);
  ~PluginFile();
  PluginFile(const PluginFile&) = delete;
  const gw_plugin* plugin() const { return plugin_; }  // null: error() says why
  const std::string& error() const { return error_; }

 private:
  void* handle_ = nullptr;
  const gw_plugin* plugin_ = nullptr;
  std::string error_;
};

}  // namespace gw::testing
