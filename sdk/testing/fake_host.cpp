#include "testing/fake_host.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "gw/slice.hpp"
#include "testing/fake_tables.h"
#include "testing/guarded.h"
#include "testing/plugin_call.h"

namespace gw::testing {
namespace {

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }

constexpr uint32_t kMostFiringsAtOnce = 1000;

template <class Ext>
const Ext* extension(const gw_plugin& plugin, std::string_view id) {
  return static_cast<const Ext*>(callPlugin("get_extension", nullptr, plugin.get_extension, sliceOf(id)));
}

}  // namespace

FakeGeneration::FakeGeneration(const gw_plugin& plugin, bool isInitialised)
    : plugin_(plugin), isInitialised_(isInitialised) {}

bool FakeGeneration::init(FakeHost& host) {
  GuardedErr err;
  if (!isInitialised_ &&
      host.checkedMaking("init",
                         callPlugin("init", nullptr, plugin_.init, &FakeTables::host(), host.nowNs(), err.ptr()), err,
                         error_) != GW_OK) {
    return false;
  }
  isInitialised_ = true;
  stream_ = extension<gw_stream_ext>(plugin_, GW_EXT_STREAM);
  encode_ = extension<gw_encode_ext>(plugin_, GW_EXT_ENCODE);
  http_ = extension<gw_http_ext>(plugin_, GW_EXT_HTTP);
  health_ = extension<gw_health_ext>(plugin_, GW_EXT_HEALTH);
  config_ = extension<gw_config_ext>(plugin_, GW_EXT_CONFIG);
  login_ = extension<gw_login_ext>(plugin_, GW_EXT_LOGIN);
  work_ = extension<gw_work_ext>(plugin_, GW_EXT_WORK);
  migrate_ = extension<gw_migrate_ext>(plugin_, GW_EXT_MIGRATE);
  if (stream_ == nullptr || encode_ == nullptr) error_ = "the plugin lacks gw.stream/1 or gw.encode/1";
  return stream_ != nullptr && encode_ != nullptr;
}

void FakeGeneration::start(FakeHost& host, std::string_view options) {
  const gw_instance_ops& ops = *plugin_.instance;
  GuardedErr err;
  gw_inst* made = nullptr;
  if (host.checkedMaking("validate_config",
                         callPlugin("validate_config", nullptr, ops.validate_config, sliceOf(options), err.ptr()), err,
                         error_) != GW_OK) {
    return;
  }
  auto* hostInst = reinterpret_cast<gw_host_inst*>(&host);
  if (host.checkedMaking("create",
                         callPlugin("create", nullptr, ops.create, hostInst, sliceOf(options), err.ptr(), &made), err,
                         error_) != GW_OK) {
    if (made != nullptr) host.violations_.add("create failed and wrote *inst_out: outputs are written on success only");
    return;
  }
  if (host.checkedMaking("start", callPlugin("start", nullptr, ops.start, made, err.ptr()), err, error_) != GW_OK) {
    callPlugin("destroy", nullptr, ops.destroy, made);
    return;
  }
  if (made == nullptr) host.violations_.add("create returned GW_OK and no instance");
  inst_ = made;
}

size_t FakeGeneration::maxStateBytes() const {
  const uint32_t most = sdk::asWritten(*plugin_.descriptor).max_state_bytes;
  return most > 0 ? most : GW_STATE_BYTES_DEFAULT;
}

FakeGeneration::~FakeGeneration() {
  if (inst_ == nullptr) return;
  callPlugin("drain", nullptr, plugin_.instance->drain, inst_, uint64_t{0});
  callPlugin("stop", nullptr, plugin_.instance->stop, inst_);
  callPlugin("destroy", nullptr, plugin_.instance->destroy, inst_);
}

FakeHost::FakeHost(const gw_plugin& plugin, std::string_view options) {
  if (FakeTables::current != nullptr) {
    std::fputs("FakeHost: only one may live at a time\n", stderr);
    std::abort();
  }
  FakeTables::current = this;
  error_ = load(plugin, options).error();
}

FakeHost::~FakeHost() {
  end();
  FakeTables::current = nullptr;
}

void FakeHost::end() {
  if (!conns_.empty()) {
    std::fputs("FakeHost: ended before its connections\n", stderr);
    std::abort();
  }
  while (!generations_.empty()) {
    const gw_plugin& plugin = generations_.back()->plugin();
    const bool isInitialised = generations_.back()->isInitialised_;
    generations_.pop_back();
    const bool isShared = std::any_of(generations_.begin(), generations_.end(),
                                      [&](const auto& each) { return &each->plugin() == &plugin; });
    if (isInitialised && !isShared) callPlugin("deinit", nullptr, plugin.deinit);
  }
}

FakeGeneration& FakeHost::load(const gw_plugin& plugin, std::string_view options) {
  const bool isInitialised = std::any_of(generations_.begin(), generations_.end(), [&](const auto& each) {
    return &each->plugin() == &plugin && each->isInitialised_;
  });
  FakeGeneration& made = *generations_.emplace_back(std::make_unique<FakeGeneration>(plugin, isInitialised));
  if (made.init(*this)) made.start(*this, options);
  return made;
}

bool FakeHost::isAlive(const FakeConn* conn) const {
  const std::lock_guard lock(mutex_);
  return std::find(conns_.begin(), conns_.end(), conn) != conns_.end();
}

gw_status FakeHost::checked(const char* function, gw_status status, const GuardedErr& err, std::string& text) {
  if (status > 0)
    violations_.add(std::string(function) + " returned " + std::to_string(status) + ", which is no status");
  if (!err.isIntact()) violations_.add(std::string(function) + " wrote beyond its gw_err");
  if (!err.isTerminated()) violations_.add(std::string(function) + " left its gw_err without a NUL");
  text = err.text();
  return status;
}

gw_status FakeHost::checkedMaking(const char* function, gw_status status, const GuardedErr& err, std::string& text) {
  if (status_ == GW_OK) status_ = status;
  return checked(function, status, err, text);
}

const gw_host& FakeHost::table() const { return FakeTables::host(); }

gw_status FakeHost::validate(std::string_view options) {
  GuardedErr err;
  const gw_status status =
      callPlugin("validate_config", nullptr, plugin().instance->validate_config, sliceOf(options), err.ptr());
  return checked("validate_config", status, err, error_);
}

int32_t FakeHost::reconfigure(std::string_view options) {
  GuardedErr err;
  const int32_t result =
      callPlugin("reconfigure", nullptr, plugin().instance->reconfigure, instance(), sliceOf(options), err.ptr());
  checked("reconfigure", GW_OK, err, error_);
  return result;
}

gw_status FakeHost::selftest() {
  const gw_health_ext* health = generation().health_;
  if (health == nullptr) return GW_E_UNSUPPORTED;
  GuardedErr err;
  return checked("selftest", callPlugin("selftest", nullptr, health->selftest, instance(), err.ptr()), err, error_);
}

std::pair<uint32_t, std::string> FakeHost::healthReport() {
  std::pair<uint32_t, std::string> out{GW_HEALTH_FAILED, "nothing was reported"};
  gw_health_sink sink{&out, [](void* ctx, uint32_t level, gw_slice text) {
                        *static_cast<std::pair<uint32_t, std::string>*>(ctx) = {level, FakeTables::str(text)};
                      }};
  const gw_health_ext* health = generation().health_;
  if (health != nullptr) callPlugin("report", nullptr, health->report, instance(), &sink);
  return out;
}

std::string FakeHost::configSchema() const {
  const gw_config_ext* config = generations_.front()->config_;
  return config == nullptr ? std::string{} : FakeTables::str(callPlugin("schema", nullptr, config->schema));
}

std::vector<FakeHost::RouteRecord> FakeHost::routes() {
  std::vector<RouteRecord> out;
  gw_route_sink sink{
      &out, [](void* ctx, const gw_route* theirs) -> gw_status {
        const gw_route route = sdk::asWritten(*theirs);
        if ((route.flags & ~uint32_t{GW_ROUTE_CORS}) != 0) return GW_E_UNSUPPORTED;
        static_cast<std::vector<RouteRecord>*>(ctx)->push_back(
            {FakeTables::str(route.method), FakeTables::str(route.path), route.max_body_bytes, route.flags});
        return GW_OK;
      }};
  const gw_http_ext* http = generation().http_;
  if (http != nullptr) callPlugin("routes", nullptr, http->routes, instance(), &sink);
  return out;
}

std::unique_ptr<FakeConn> FakeHost::open(OpenOptions options) { return open(generation(), std::move(options)); }

std::unique_ptr<FakeConn> FakeHost::open(FakeGeneration& generation, OpenOptions options) {
  auto conn = std::make_unique<FakeConn>(*this, generation, std::move(options));
  conn->open();
  if (!conn->isOpen()) conn.reset();
  return conn;
}

void FakeHost::advance(uint64_t ms) {
  const uint64_t until = nowMs_ + ms;
  uint32_t firedAtOnce = 0;
  while (true) {
    FakeConn* conn = nullptr;
    bool isTimer = false;  // else a deadline of its work
    uint32_t id = 0;
    uint64_t due = until;
    for (FakeConn* each : conns_) {
      for (const FakeConn::Job& job : each->jobs_) {
        if (job.deadlineAtMs > due || (conn != nullptr && job.deadlineAtMs == due)) continue;
        conn = each;
        isTimer = false;
        due = job.deadlineAtMs;
      }
      for (const auto& [timerId, at] : each->timers_) {
        if (at > due || (conn != nullptr && at == due)) continue;
        conn = each;
        isTimer = true;
        id = timerId;
        due = at;
      }
    }
    if (conn == nullptr) break;
    firedAtOnce = due > nowMs_ ? 0 : firedAtOnce + 1;
    nowMs_ = std::max(nowMs_, due);
    if (!isTimer) {
      conn->expireWork();
      continue;
    }
    if (firedAtOnce > kMostFiringsAtOnce) {
      violations_.add("timer " + std::to_string(id) + " is set again and again without a delay");
      conn->timers_.erase(id);
      continue;
    }
    conn->fireTimer(id);
  }
  nowMs_ = until;
}

int64_t FakeHost::metric(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const MetricRecord& each : metrics_) {
    if (each.name == name) return each.value;
  }
  return 0;
}

std::map<std::string, int64_t> FakeHost::metrics() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, int64_t> out;
  for (const MetricRecord& each : metrics_) out[each.name] = each.value;
  return out;
}

PluginFile::PluginFile(const std::string& path) {
  handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) {
    error_ = dlerror();
    return;
  }
  auto entry = reinterpret_cast<gw_plugin_entry_fn>(dlsym(handle_, GW_PLUGIN_ENTRY_SYMBOL));
  if (entry == nullptr) {
    error_ = "no gw_plugin_entry";
    return;
  }
  uint32_t chosen = 0;
  gw_err err{};
  plugin_ =
      callPlugin("gw_plugin_entry", nullptr, entry, uint32_t{GW_ABI_VERSION}, uint32_t{GW_ABI_VERSION}, &chosen, &err);
  error_ = err.text;
}

PluginFile::~PluginFile() {
  if (handle_ != nullptr) dlclose(handle_);
}

}  // namespace gw::testing
