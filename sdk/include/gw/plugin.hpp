#ifndef GW_PLUGIN_HPP
#define GW_PLUGIN_HPP
// GW_PLUGIN(MyChannel): the plugin table, the entry symbol and the ELF note of a channel class, once
// per library, at file scope. Every entry below is noexcept and catches all: nothing but a status
// leaves the library. Tests use pluginTable<MyChannel>() and need no entry symbol.

#include <concepts>
#include <new>

#include "gw/channel.hpp"
#include "gw/config.h"
#include "gw/health.h"
#include "gw/http.hpp"
#include "gw/migrate.h"
#include "gw/note.h"
#include "gw/plugin.h"

namespace gw::sdk {
namespace detail {

template <class Call>
gw_status guard(gw_err* err, Call&& call) noexcept {
  try {
    return call();
  } catch (const Error& error) {
    writeError(err, error.what());
    return error.status() < 0 ? error.status() : GW_E_INTERNAL;
  } catch (const std::bad_alloc&) {
    writeError(err, "out of memory");
    return GW_E_NOMEM;
  } catch (const std::exception& error) {
    writeError(err, error.what());
    if (err == nullptr)
      HostInst{}.log(GW_LOG_ERROR, "an exception reached the plugin boundary", {{"what", error.what()}});
    return GW_E_INTERNAL;
  } catch (...) {
    writeError(err, "an unknown exception reached the plugin boundary");
    return GW_E_INTERNAL;
  }
}

/// For entries without a status: what they throw is logged and dropped.
template <class Call>
void guardVoid(Call&& call) noexcept {
  guard(nullptr, [&] {
    call();
    return GW_OK;
  });
}

template <class C>
struct InstanceGlue {
  static C* of(gw_inst* inst) noexcept { return reinterpret_cast<C*>(inst); }

  static gw_status validate(gw_slice options, gw_err* err) noexcept {
    return guard(err, [&] {
      if constexpr (requires { C::validate(std::string_view{}); }) C::validate(view(options));
      return GW_OK;
    });
  }
  static gw_status create(gw_host_inst* hostInst, gw_slice options, gw_err* err, gw_inst** out) noexcept {
    return guard(err, [&] {
      *out = reinterpret_cast<gw_inst*>(new C(HostInst{hostInst}, view(options)));
      return GW_OK;
    });
  }
  static gw_status start(gw_inst* inst, gw_err* err) noexcept {
    return guard(err, [&] {
      of(inst)->start();
      return GW_OK;
    });
  }
  static int32_t reconfigure(gw_inst* inst, gw_slice options, gw_err* err) noexcept {
    int32_t result = GW_RECONF_REJECTED;
    const gw_status status = guard(err, [&] {
      result = of(inst)->reconfigure(view(options));
      return GW_OK;
    });
    return status == GW_OK ? result : static_cast<int32_t>(GW_RECONF_REJECTED);
  }
  static void drain(gw_inst* inst, uint64_t deadlineMs) noexcept {
    guardVoid([&] { of(inst)->drain(deadlineMs); });
  }
  static void stop(gw_inst* inst) noexcept {
    guardVoid([&] { of(inst)->stop(); });
  }
  static void destroy(gw_inst* inst) noexcept {
    guardVoid([&] { delete of(inst); });
  }
  static gw_status selftest(gw_inst* inst, gw_err* err) noexcept {
    return guard(err, [&] {
      of(inst)->selftest();
      return GW_OK;
    });
  }
  static void report(gw_inst* inst, gw_health_sink* sink) noexcept {
    guardVoid([&] {
      const HealthReport health = of(inst)->report();
      sink->report(sink->ctx, health.level, slice(health.text));
    });
  }

  static constexpr gw_instance_ops kOps{
      sizeof(gw_instance_ops), validate, create, start, reconfigure, drain, stop, destroy};
  static constexpr gw_health_ext kHealth{sizeof(gw_health_ext), selftest, report};
};

template <class C>
struct StreamGlue {
  static Stream* of(gw_conn* conn) noexcept { return reinterpret_cast<Stream*>(conn); }

  static gw_status open(gw_inst* inst, gw_host_conn* hostConn, const gw_open_info* info, uint64_t nowNs,
                        gw_conn** out) noexcept {
    return guard(nullptr, [&]() -> gw_status {
      std::unique_ptr<Stream> stream = InstanceGlue<C>::of(inst)->open(HostConn{hostConn}, asWritten(*info), nowNs);
      if (stream == nullptr) return GW_E_STATE;
      *out = reinterpret_cast<gw_conn*>(stream.release());
      return GW_OK;
    });
  }
  static gw_status data(gw_conn* conn, gw_slice bytes, uint64_t nowNs, size_t* consumed) noexcept {
    return guard(nullptr, [&]() -> gw_status {
      const Consumed result = of(conn)->onData(view(bytes), nowNs);
      if (result.status < 0 && result.status != GW_E_AGAIN) return result.status;
      *consumed = result.bytes;
      return GW_OK;  // what is left over says AGAIN by itself
    });
  }
  static void eof(gw_conn* conn) noexcept {
    guardVoid([&] { of(conn)->onEof(); });
  }
  static void timer(gw_conn* conn, uint32_t id, uint64_t nowNs) noexcept {
    guardVoid([&] { of(conn)->onTimer(id, nowNs); });
  }
  static void writable(gw_conn* conn) noexcept {
    guardVoid([&] { of(conn)->onWritable(); });
  }
  static void event(gw_conn* conn, uint64_t token, gw_status status, gw_slice msg) noexcept {
    guardVoid([&] { of(conn)->onEvent(token, status, view(msg)); });
  }
  static void notice(gw_conn* conn, const gw_notice* notice) noexcept {
    guardVoid([&] { of(conn)->onNotice(asWritten(*notice)); });
  }
  static void login(gw_conn* conn, const gw_login_event* event) noexcept {
    guardVoid([&] { of(conn)->onLogin(asWritten(*event)); });
  }
  static void answered(gw_conn* conn, const gw_work_answer* answer) noexcept {
    guardVoid([&] { of(conn)->onWork(*answer); });
  }
  static void closeBegin(gw_conn* conn, const gw_close_info* info, uint64_t graceMs) noexcept {
    guardVoid([&] { of(conn)->onCloseBegin(asWritten(*info), graceMs); });
  }
  static void closed(gw_conn* conn, uint32_t code) noexcept {
    guardVoid([&] {
      const std::unique_ptr<Stream> last(of(conn));
      last->onClosed(code);
    });
  }
  static gw_status encode(gw_inst* inst, gw_slice classDesc, const gw_event* event, gw_builder* builder) noexcept {
    return guard(nullptr, [&]() -> gw_status {
      Builder out{builder};
      return static_cast<const C*>(InstanceGlue<C>::of(inst))->encode(view(classDesc), EventView{*event}, out);
    });
  }
  static gw_status wrap(gw_conn* conn, const gw_event* event, uint64_t epoch, uint64_t seq, size_t bodyLength,
                        gw_wrap* out) noexcept {
    return guard(nullptr, [&]() -> gw_status {
      Wrap wrapped{*out};
      return of(conn)->wrap(EventView{*event}, epoch, seq, bodyLength, wrapped);
    });
  }
  static gw_status deliver(gw_conn* conn, const gw_event* event, uint64_t epoch, uint64_t seq, gw_slice body) noexcept {
    return guard(nullptr, [&]() -> gw_status { return of(conn)->deliver(EventView{*event}, epoch, seq, view(body)); });
  }

  static constexpr gw_stream_ext kStream{
      sizeof(gw_stream_ext), open, data, eof, timer, writable, event, notice, closeBegin, closed};
  static constexpr gw_encode_ext kEncode{sizeof(gw_encode_ext), encode, wrap, deliver};
  static constexpr gw_login_ext kLogin{sizeof(gw_login_ext), login};
  static constexpr gw_work_ext kWork{sizeof(gw_work_ext), answered};
};

template <class C>
struct MigrateGlue {
  static constexpr uint32_t kMost = C::kDescriptor.maxStateBytes;
  static_assert(kMost > 0, "a channel with kState says its maxStateBytes");
  static_assert(C::kState.oldestImport >= 1 && C::kState.oldestImport <= C::kState.version);
  static_assert(C::kState.oldestExport >= 1 && C::kState.oldestExport <= C::kState.version);

  static constexpr gw_state_schema kSchema{sizeof(gw_state_schema), slice(C::kDescriptor.id), C::kState.version,
                                           C::kState.oldestImport, C::kState.oldestExport};
  static const gw_state_schema* schema() noexcept { return &kSchema; }
  static int32_t quiesce(gw_conn* conn, gw_err* err) noexcept {
    int32_t result = GW_QUIESCE_NEVER;
    guard(err, [&] {
      const MoveAnswer answer = StreamGlue<C>::of(conn)->quiesce();
      writeError(err, answer.reason);
      result = answer.code;
      return GW_OK;
    });
    return result;
  }
  static void resume(gw_conn* conn) noexcept {
    guardVoid([&] { StreamGlue<C>::of(conn)->resume(); });
  }
  static gw_status exportState(const gw_conn* conn, uint32_t version, gw_bytes_sink* sink, gw_err* err) noexcept {
    return guard(err, [&]() -> gw_status {
      refuseUnless(version >= C::kState.oldestExport && version <= C::kState.version, version, "written");
      StateWriter out(version, kMost);
      reinterpret_cast<const Stream*>(conn)->save(out);
      return sink->write(sink->ctx, slice(out.finish()));
    });
  }
  static gw_status importState(gw_inst* inst, gw_host_conn* hostConn, const gw_open_info* info, uint32_t version,
                               gw_slice bytes, uint64_t nowNs, gw_err* err, gw_conn** out) noexcept {
    return guard(err, [&]() -> gw_status {
      refuseUnless(version >= C::kState.oldestImport && version <= C::kState.version, version, "read");
      if (bytes.len > kMost) throw Error("the state is longer than max_state_bytes", GW_E_LIMIT);
      StateReader in(version, view(bytes));
      std::unique_ptr<Stream> stream =
          InstanceGlue<C>::of(inst)->restore(HostConn{hostConn}, asWritten(*info), in, nowNs);
      if (stream == nullptr) return GW_E_STATE;
      in.finish();
      *out = reinterpret_cast<gw_conn*>(stream.release());
      return GW_OK;
    });
  }
  static void commit(gw_conn* conn) noexcept {
    guardVoid([&] { StreamGlue<C>::of(conn)->onCommit(); });
  }
  static void released(gw_conn* conn) noexcept {
    guardVoid([&] { delete StreamGlue<C>::of(conn); });
  }
  static void refuseUnless(bool isSpoken, uint32_t version, const char* verb) {
    if (!isSpoken) throw Error("state version " + std::to_string(version) + " cannot be " + verb, GW_E_UNSUPPORTED);
  }

  static constexpr gw_migrate_ext kMigrate{
      sizeof(gw_migrate_ext), schema, quiesce, resume, exportState, importState, commit, released};
};

template <class C>
struct HttpGlue {
  static gw_status routes(gw_inst* inst, gw_route_sink* sink) noexcept {
    return guard(nullptr, [&]() -> gw_status {
      for (const Route& route : InstanceGlue<C>::of(inst)->routes()) {
        const gw_route raw{sizeof(gw_route), route.flags, slice(route.method), slice(route.path), route.maxBodyBytes};
        const gw_status status = sink->add(sink->ctx, &raw);
        if (status != GW_OK) return status;
      }
      return GW_OK;
    });
  }
  static int32_t request(gw_inst* inst, gw_host_req* req, const gw_request_view* requestView, uint64_t nowNs,
                         gw_err* err) noexcept {
    return guard(err, [&]() -> gw_status {
      const gw_request_view asked = asWritten(*requestView);
      const HttpResult result = InstanceGlue<C>::of(inst)->onRequest(Request{req}, RequestView{asked}, nowNs);
      if (!result.text.empty()) writeError(err, result.text);
      return result.code;
    });
  }
  static void requestEvent(gw_inst* inst, gw_host_req* req, uint64_t token, const gw_request_answer* answer) noexcept {
    guardVoid([&] { InstanceGlue<C>::of(inst)->onRequestEvent(Request{req}, token, asWritten(*answer)); });
  }
  static constexpr gw_http_ext kHttp{sizeof(gw_http_ext), routes, request, requestEvent};
};

template <class C>
struct PluginGlue {
  static gw_status init(const gw_host* table, uint64_t /*nowNs*/, gw_err* err) noexcept {
    if (table == nullptr || table->base == nullptr || table->stream == nullptr) {
      writeError(err, "the host gave no function tables");
      return GW_E_INVALID;
    }
    hostTable = table;
    return GW_OK;
  }
  static void deinit() noexcept { hostTable = nullptr; }
  static gw_slice schema() noexcept {
    if constexpr (requires { C::configSchema(); }) {
      return slice(C::configSchema());
    } else {
      return slice(R"({"type":"object"})");
    }
  }
  static constexpr gw_config_ext kConfig{sizeof(gw_config_ext), schema};

  static const void* extension(gw_slice id) noexcept {
    const std::string_view name = view(id);
    if (name == GW_EXT_STREAM) return &StreamGlue<C>::kStream;
    if (name == GW_EXT_ENCODE) return &StreamGlue<C>::kEncode;
    if (name == GW_EXT_LOGIN) return &StreamGlue<C>::kLogin;
    if (name == GW_EXT_WORK) return &StreamGlue<C>::kWork;
    if (name == GW_EXT_HEALTH) return &InstanceGlue<C>::kHealth;
    if (name == GW_EXT_CONFIG) return &kConfig;
    if constexpr (std::derived_from<C, HttpRoutes>) {
      if (name == GW_EXT_HTTP) return &HttpGlue<C>::kHttp;
    }
    if constexpr (Migrates<C>) {
      if (name == GW_EXT_MIGRATE) return &MigrateGlue<C>::kMigrate;
    }
    return nullptr;
  }

  static constexpr gw_descriptor kDescriptor{sizeof(gw_descriptor),         slice(C::kDescriptor.id),
                                             slice(C::kDescriptor.name),    slice(C::kDescriptor.vendor),
                                             slice(C::kDescriptor.version), slice(C::kDescriptor.license),
                                             C::kDescriptor.unloadPolicy,   C::kDescriptor.maxStateBytes};
  static constexpr gw_plugin kPlugin{sizeof(gw_plugin), &kDescriptor, init, deinit, &InstanceGlue<C>::kOps, extension};
};

template <size_t N>
constexpr void copyPadded(char (&out)[N], std::string_view text) {
  for (size_t i = 0; i < text.size() && i < N; ++i) out[i] = text[i];
}

/// The ELF note of a channel class; evaluated by the compiler.
template <class C>
consteval gw_note noteOf() {
  static_assert(!C::kDescriptor.id.empty() && C::kDescriptor.id.size() <= sizeof(gw_note_desc::id));
  static_assert(C::kDescriptor.version.size() < sizeof(gw_note_desc::plugin_version));
  gw_note note{3, sizeof(gw_note_desc), GW_NOTE_TYPE, {'g', 'w', 0, 0}, {GW_ABI_VERSION, 0, {}, {}, {}}};
  copyPadded(note.desc.sdk_version, GW_SDK_VERSION);
  copyPadded(note.desc.id, C::kDescriptor.id);
  copyPadded(note.desc.plugin_version, C::kDescriptor.version);
  return note;
}

}  // namespace detail

/// [any] The table of a channel class; static storage. For tests that link the channel statically.
template <class C>
const gw_plugin& pluginTable() noexcept {
  static_assert(std::derived_from<C, Channel>, "derive the channel from gw::sdk::Channel");
  return detail::PluginGlue<C>::kPlugin;
}

/// The body of gw_plugin_entry.
template <class C>
const gw_plugin* enter(uint32_t hostMin, uint32_t hostMax, uint32_t* chosen, gw_err* err) noexcept {
  if (hostMin > GW_ABI_VERSION || hostMax < GW_ABI_VERSION) {
    writeError(err, "this plugin needs another ABI version than the host offers");
    return nullptr;
  }
  *chosen = GW_ABI_VERSION;
  return &pluginTable<C>();
}

}  // namespace gw::sdk

#define GW_PLUGIN(ChannelClass)                                                                       \
  GW_NOTE_ATTRIBUTES GW_NOTE_OBJECT gw_plugin_note = ::gw::sdk::detail::noteOf<ChannelClass>();       \
  extern "C" __attribute__((visibility("default"))) const gw_plugin* gw_plugin_entry(                 \
      uint32_t host_min_abi, uint32_t host_max_abi, uint32_t* chosen_abi_out, gw_err* err) noexcept { \
    return ::gw::sdk::enter<ChannelClass>(host_min_abi, host_max_abi, chosen_abi_out, err);           \
  }                                                                                                   \
  static_assert(true, "GW_PLUGIN wants a semicolon")

#endif  // GW_PLUGIN_HPP
