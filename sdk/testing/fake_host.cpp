#include "testing/fake_host.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "testing/fake_tables.h"

namespace gw::testing {
namespace {

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }

template <class Ext>
const Ext* extension(const gw_plugin& plugin, std::string_view id) {
  return static_cast<const Ext*>(plugin.get_extension(sliceOf(id)));
}

}  // namespace

FakeHost::FakeHost(const gw_plugin& plugin, std::string_view options) : plugin_(plugin) {
  if (FakeTables::current != nullptr) {
    std::fputs("FakeHost: only one may live at a time\n", stderr);
    std::abort();
  }
  FakeTables::current = this;
  gw_err err{};
  if (plugin_.init(&FakeTables::host(), nowNs(), &err) != GW_OK) {
    error_ = err.text;
    return;
  }
  isInitialised_ = true;
  stream_ = extension<gw_stream_ext>(plugin_, GW_EXT_STREAM);
  encode_ = extension<gw_encode_ext>(plugin_, GW_EXT_ENCODE);
  http_ = extension<gw_http_ext>(plugin_, GW_EXT_HTTP);
  health_ = extension<gw_health_ext>(plugin_, GW_EXT_HEALTH);
  config_ = extension<gw_config_ext>(plugin_, GW_EXT_CONFIG);
  login_ = extension<gw_login_ext>(plugin_, GW_EXT_LOGIN);
  if (stream_ == nullptr || encode_ == nullptr) {
    error_ = "the plugin lacks gw.stream/1 or gw.encode/1";
    return;
  }
  if (validate(options) != GW_OK) return;
  gw_inst* made = nullptr;
  auto* hostInst = reinterpret_cast<gw_host_inst*>(this);
  if (plugin_.instance->create(hostInst, sliceOf(options), &err, &made) != GW_OK) {
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

FakeHost::~FakeHost() {
  if (!conns_.empty()) {
    std::fputs("FakeHost: destroyed before its connections\n", stderr);
    std::abort();
  }
  if (inst_ != nullptr) {
    plugin_.instance->drain(inst_, 0);
    plugin_.instance->stop(inst_);
    plugin_.instance->destroy(inst_);
  }
  if (isInitialised_) plugin_.deinit();
  FakeTables::current = nullptr;
}

const gw_host& FakeHost::table() const { return FakeTables::host(); }

gw_status FakeHost::validate(std::string_view options) {
  gw_err err{};
  const gw_status status = plugin_.instance->validate_config(sliceOf(options), &err);
  error_ = err.text;
  return status;
}

int32_t FakeHost::reconfigure(std::string_view options) {
  gw_err err{};
  const int32_t result = plugin_.instance->reconfigure(inst_, sliceOf(options), &err);
  error_ = err.text;
  return result;
}

gw_status FakeHost::selftest() {
  if (health_ == nullptr) return GW_E_UNSUPPORTED;
  gw_err err{};
  const gw_status status = health_->selftest(inst_, &err);
  error_ = err.text;
  return status;
}

std::pair<uint32_t, std::string> FakeHost::healthReport() {
  std::pair<uint32_t, std::string> out{GW_HEALTH_FAILED, "nothing was reported"};
  gw_health_sink sink{&out, [](void* ctx, uint32_t level, gw_slice text) {
                        *static_cast<std::pair<uint32_t, std::string>*>(ctx) = {level, FakeTables::str(text)};
                      }};
  if (health_ != nullptr) health_->report(inst_, &sink);
  return out;
}

std::string FakeHost::configSchema() const {
  return config_ == nullptr ? std::string{} : FakeTables::str(config_->schema());
}

std::vector<FakeHost::RouteRecord> FakeHost::routes() {
  std::vector<RouteRecord> out;
  gw_route_sink sink{
      &out, [](void* ctx, const gw_route* route) -> gw_status {
        static_cast<std::vector<RouteRecord>*>(ctx)->push_back(
            {FakeTables::str(route->method), FakeTables::str(route->path), route->max_body_bytes, route->flags});
        return GW_OK;
      }};
  if (http_ != nullptr) http_->routes(inst_, &sink);
  return out;
}

std::unique_ptr<FakeConn> FakeHost::open(OpenOptions options) {
  auto conn = std::make_unique<FakeConn>(*this, std::move(options));
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
  request->result = http_ == nullptr ? static_cast<int32_t>(GW_E_UNSUPPORTED)
                                     : http_->request(inst_, reinterpret_cast<gw_host_req*>(request.get()),
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

void FakeRequest::answer(gw_status status, uint32_t httpStatus, std::string_view body, std::string_view setCookie) {
  isBound = isBound || (status == GW_OK && !binds.empty());
  const gw_request_answer raw{sizeof(gw_request_answer), status, httpStatus, sliceOf(body), sliceOf(setCookie)};
  host_->http_->request_event(host_->inst_, reinterpret_cast<gw_host_req*>(this), lastToken_, &raw);
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
