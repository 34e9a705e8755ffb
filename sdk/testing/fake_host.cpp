#include "testing/fake_host.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "gw/slice.hpp"
#include "testing/fake_tables.h"

namespace gw::testing {
namespace {

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }

template <class Ext>
const Ext* extension(const gw_plugin& plugin, std::string_view id) {
  return static_cast<const Ext*>(plugin.get_extension(sliceOf(id)));
}

}  // namespace

FakeGeneration::FakeGeneration(const gw_plugin& plugin, bool isInitialised)
    : plugin_(plugin), isInitialised_(isInitialised) {}

bool FakeGeneration::init(uint64_t nowNs) {
  gw_err err{};
  if (!isInitialised_ && plugin_.init(&FakeTables::host(), nowNs, &err) != GW_OK) {
    error_ = err.text;
    return false;
  }
  isInitialised_ = true;
  stream_ = extension<gw_stream_ext>(plugin_, GW_EXT_STREAM);
  encode_ = extension<gw_encode_ext>(plugin_, GW_EXT_ENCODE);
  http_ = extension<gw_http_ext>(plugin_, GW_EXT_HTTP);
  health_ = extension<gw_health_ext>(plugin_, GW_EXT_HEALTH);
  config_ = extension<gw_config_ext>(plugin_, GW_EXT_CONFIG);
  login_ = extension<gw_login_ext>(plugin_, GW_EXT_LOGIN);
  migrate_ = extension<gw_migrate_ext>(plugin_, GW_EXT_MIGRATE);
  if (stream_ == nullptr || encode_ == nullptr) error_ = "the plugin lacks gw.stream/1 or gw.encode/1";
  return stream_ != nullptr && encode_ != nullptr;
}

void FakeGeneration::start(gw_host_inst* hostInst, std::string_view options) {
  gw_err err{};
  gw_inst* made = nullptr;
  if (plugin_.instance->validate_config(sliceOf(options), &err) != GW_OK ||
      plugin_.instance->create(hostInst, sliceOf(options), &err, &made) != GW_OK) {
    error_ = err.text;
    return;
  }
  if (plugin_.instance->start(made, &err) != GW_OK) {
    error_ = err.text;
    plugin_.instance->destroy(made);
    return;
  }
  inst_ = made;
}

size_t FakeGeneration::maxStateBytes() const {
  const uint32_t most = sdk::asWritten(*plugin_.descriptor).max_state_bytes;
  return most > 0 ? most : GW_STATE_BYTES_DEFAULT;
}

FakeGeneration::~FakeGeneration() {
  if (inst_ == nullptr) return;
  plugin_.instance->drain(inst_, 0);
  plugin_.instance->stop(inst_);
  plugin_.instance->destroy(inst_);
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
  if (!conns_.empty()) {
    std::fputs("FakeHost: destroyed before its connections\n", stderr);
    std::abort();
  }
  while (!generations_.empty()) {
    const gw_plugin& plugin = generations_.back()->plugin();
    const bool isInitialised = generations_.back()->isInitialised_;
    generations_.pop_back();
    const bool isShared = std::any_of(generations_.begin(), generations_.end(),
                                      [&](const auto& each) { return &each->plugin() == &plugin; });
    if (isInitialised && !isShared) plugin.deinit();
  }
  FakeTables::current = nullptr;
}

FakeGeneration& FakeHost::load(const gw_plugin& plugin, std::string_view options) {
  const bool isInitialised = std::any_of(generations_.begin(), generations_.end(), [&](const auto& each) {
    return &each->plugin() == &plugin && each->isInitialised_;
  });
  FakeGeneration& made = *generations_.emplace_back(std::make_unique<FakeGeneration>(plugin, isInitialised));
  if (made.init(nowNs())) made.start(reinterpret_cast<gw_host_inst*>(this), options);
  return made;
}

const gw_host& FakeHost::table() const { return FakeTables::host(); }

gw_status FakeHost::validate(std::string_view options) {
  gw_err err{};
  const gw_status status = plugin().instance->validate_config(sliceOf(options), &err);
  error_ = err.text;
  return status;
}

int32_t FakeHost::reconfigure(std::string_view options) {
  gw_err err{};
  const int32_t result = plugin().instance->reconfigure(instance(), sliceOf(options), &err);
  error_ = err.text;
  return result;
}

gw_status FakeHost::selftest() {
  const gw_health_ext* health = generation().health_;
  if (health == nullptr) return GW_E_UNSUPPORTED;
  gw_err err{};
  const gw_status status = health->selftest(instance(), &err);
  error_ = err.text;
  return status;
}

std::pair<uint32_t, std::string> FakeHost::healthReport() {
  std::pair<uint32_t, std::string> out{GW_HEALTH_FAILED, "nothing was reported"};
  gw_health_sink sink{&out, [](void* ctx, uint32_t level, gw_slice text) {
                        *static_cast<std::pair<uint32_t, std::string>*>(ctx) = {level, FakeTables::str(text)};
                      }};
  const gw_health_ext* health = generation().health_;
  if (health != nullptr) health->report(instance(), &sink);
  return out;
}

std::string FakeHost::configSchema() const {
  const gw_config_ext* config = generations_.front()->config_;
  return config == nullptr ? std::string{} : FakeTables::str(config->schema());
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
  if (http != nullptr) http->routes(instance(), &sink);
  return out;
}

std::unique_ptr<FakeConn> FakeHost::open(OpenOptions options) {
  auto conn = std::make_unique<FakeConn>(*this, generation(), std::move(options));
  conn->open();
  if (!conn->isOpen()) conn.reset();
  return conn;
}

std::unique_ptr<FakeRequest> FakeHost::request(std::string_view method, std::string_view path, std::string_view query,
                                               const Headers& headers, std::string_view body) {
  auto request = std::make_unique<FakeRequest>();
  request->host_ = this;
  std::vector<gw_header> raw;
  for (const auto& [name, value] : headers) raw.push_back({sliceOf(name), sliceOf(value)});
  const gw_request_view requestView{sizeof(gw_request_view),
                                    sliceOf(method),
                                    sliceOf(path),
                                    sliceOf(query),
                                    sliceOf(body),
                                    raw.data(),
                                    raw.size(),
                                    sliceOf("127.0.0.1:50000"),
                                    0};
  gw_err err{};
  const gw_http_ext* http = generation().http_;
  request->result = http == nullptr ? static_cast<int32_t>(GW_E_UNSUPPORTED)
                                    : http->request(instance(), reinterpret_cast<gw_host_req*>(request.get()),
                                                    &requestView, nowNs(), &err);
  request->errorText = err.text;
  return request;
}

void FakeHost::advance(uint64_t ms) {
  const uint64_t until = nowMs_ + ms;
  while (true) {
    FakeConn* conn = nullptr;
    uint32_t id = 0;
    uint64_t due = until;
    for (FakeConn* each : conns_) {
      for (const auto& [timerId, at] : each->timers_) {
        if (at > due || (conn != nullptr && at == due)) continue;
        conn = each;
        id = timerId;
        due = at;
      }
    }
    if (conn == nullptr) break;
    nowMs_ = std::max(nowMs_, due);
    conn->fireTimer(id);
  }
  nowMs_ = until;
}

int64_t FakeHost::metric(std::string_view name) const {
  for (const MetricRecord& each : metrics_) {
    if (each.name == name) return each.value;
  }
  return 0;
}

std::map<std::string, int64_t> FakeHost::metrics() const {
  std::map<std::string, int64_t> out;
  for (const MetricRecord& each : metrics_) out[each.name] = each.value;
  return out;
}

void FakeRequest::answer(gw_status status, uint32_t httpStatus, std::string_view body, std::string_view setCookie) {
  isBound = isBound || (status == GW_OK && !binds.empty());
  const gw_request_answer raw{sizeof(gw_request_answer), status, httpStatus, sliceOf(body), sliceOf(setCookie)};
  host_->generation().http_->request_event(host_->instance(), reinterpret_cast<gw_host_req*>(this), lastToken_, &raw);
}

std::unique_ptr<FakeConn> FakeRequest::openStream(OpenOptions options) {
  if (!accept.has_value()) return nullptr;
  options.subprotocol = accept->subprotocol;
  options.extensions = accept->extensions;
  options.user = accept->user;
  options.isBound = isBound;
  return host_->open(std::move(options));
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
  plugin_ = entry(GW_ABI_VERSION, GW_ABI_VERSION, &chosen, &err);
  error_ = err.text;
}

PluginFile::~PluginFile() {
  if (handle_ != nullptr) dlclose(handle_);
}

}  // namespace gw::testing
