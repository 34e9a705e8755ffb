#include "plugin/generation.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gw/slice.hpp"
#include "plugin/file_gate.h"
#include "plugin/generation_ledger.h"
#include "plugin/library.h"
#include "plugin/plugin_call.h"
#include "plugin/reaper.h"

namespace gw::plugin {
namespace {

constexpr size_t kMostSchemaId = 64;

Error invalid(std::string why) { return fail(ErrorCode::kInvalid, std::move(why)); }

std::string text(const gw_slice& slice) { return slice.len == 0 ? std::string() : std::string(slice.ptr, slice.len); }

/// Null with `why` set if the table is missing, older than this host's, or lacks a function.
template <typename Table>
const Table* table(const gw_plugin& plugin, const char* id, std::string& why) {
  const auto* found = static_cast<const Table*>(plugin.get_extension({id, std::char_traits<char>::length(id)}));
  if (found != nullptr && found->struct_size < sizeof(Table)) {
    why = std::string("its ") + id + " table is smaller than this host's: rebuild it with this SDK";
    return nullptr;
  }
  return found;
}

bool isComplete(const gw_stream_ext& s) {
  return s.open && s.data && s.eof && s.timer && s.writable && s.event && s.notice && s.close_begin && s.closed;
}

bool isComplete(const gw_migrate_ext& m) {
  return m.schema && m.quiesce && m.resume && m.export_state && m.import_state && m.commit && m.released;
}

bool isComplete(const gw_instance_ops& o) {
  return o.struct_size >= sizeof(gw_instance_ops) && o.validate_config && o.create && o.start && o.reconfigure &&
         o.drain && o.stop && o.destroy;
}

}  // namespace

Generation::Generation() : serial_(GenerationLedger::ofProcess().enter()) {}

Result<std::shared_ptr<Generation>> Generation::load(const std::string& file, const std::string& copiesDir,
                                                     uint64_t number, const gw_host& host) {
  return load(file, copiesDir, number, host, GateOptions{});
}

Result<std::shared_ptr<Generation>> Generation::load(const std::string& file, const std::string& copiesDir,
                                                     uint64_t number, const gw_host& host, const GateOptions& gate) {
  auto copy = vetAndCopy(file, copiesDir, number, gate);
  if (!copy) return copy.error();
  return load(file, *copy, number, host);
}

Result<std::shared_ptr<Generation>> Generation::load(const std::string& file, const VettedCopy& copy, uint64_t number,
                                                     const gw_host& host) {
  auto library = Library::open(copy.path);
  if (!library) {
    ::unlink(copy.path.c_str());
    return fail(library.error().code, "plugin file \"" + file + "\": " + library.error().message);
  }
  // Whoever drops the last reference, the library is closed on the control thread.
  std::shared_ptr<Generation> made(new Generation, [](Generation* g) { reap([g] { delete g; }); });
  made->number_ = number;
  made->loadedAtUs_ = systemClock().wallUs();
  made->channelId_ = copy.note.id;
  made->file_ = file;
  made->sha256_ = copy.sha256;
  made->copy_ = copy.path;
  made->library_ = std::move(*library);
  const CallbackOwner& owner = internCallbackOwner({copy.note.id, copy.note.pluginVersion, "", number});
  auto result = made->enter(host, owner);
  if (result) result = made->checkTables();
  if (result) result = made->initialise(host, owner);
  if (!result) return fail(result.error().code, "plugin file \"" + file + "\" refused: " + result.error().message);
  log::info(
      "plugin", "loaded",
      {{"plugin", made->channelId_}, {"version", made->version_}, {"generation", number}, {"sha256", made->sha256_}});
  return made;
}

Result<void> Generation::enter(const gw_host&, const CallbackOwner& owner) {
  const auto entry = reinterpret_cast<gw_plugin_entry_fn>(library_->symbol(GW_PLUGIN_ENTRY_SYMBOL));
  if (entry == nullptr) return invalid("it does not export " GW_PLUGIN_ENTRY_SYMBOL);
  uint32_t chosen = 0;
  std::string said;
  const gw_plugin* plugin = nullptr;
  auto called = callPlugin(owner, "gw_plugin_entry", [&](gw_err& err) {
    plugin = entry(GW_ABI_VERSION, GW_ABI_VERSION, &chosen, &err);
    said = sentence(err);
    return GW_OK;
  });
  if (!called) return called;
  if (plugin == nullptr) {
    return invalid("gw_plugin_entry returned null: " + (said.empty() ? "no reason was given" : said));
  }
  if (chosen != GW_ABI_VERSION) {
    return invalid("it chose plugin ABI " + std::to_string(chosen) + "; this host speaks " +
                   std::to_string(GW_ABI_VERSION));
  }
  if (plugin->struct_size < sizeof(gw_plugin)) {
    return invalid("its gw_plugin table is smaller than this host's: rebuild it with this SDK");
  }
  if (plugin->descriptor == nullptr) return invalid("its gw_plugin table has no descriptor");
  plugin_ = plugin;
  descriptor_ = sdk::asWritten(*plugin->descriptor);
  version_ = text(descriptor_.version);
  if (descriptor_.unload_policy != GW_UNLOAD_SAFE) library_->keepLoaded();
  return {};
}

Result<void> Generation::checkTables() {
  const std::string id = text(descriptor_.id);
  if (id != channelId_) return invalid("its descriptor says \"" + id + "\", its note \"" + channelId_ + "\"");
  if (!plugin_->init || !plugin_->deinit || !plugin_->get_extension) return invalid("its gw_plugin table has a hole");
  if (!plugin_->instance || !isComplete(*plugin_->instance)) return invalid("its gw_instance_ops table has a hole");
  std::string why;
  const CallbackOwner& owner = internCallbackOwner({channelId_, version_, "", number_});
  auto called = callPlugin(owner, "get_extension", [&](gw_err&) {
    stream_ = table<gw_stream_ext>(*plugin_, GW_EXT_STREAM, why);
    encode_ = table<gw_encode_ext>(*plugin_, GW_EXT_ENCODE, why);
    http_ = table<gw_http_ext>(*plugin_, GW_EXT_HTTP, why);
    health_ = table<gw_health_ext>(*plugin_, GW_EXT_HEALTH, why);
    config_ = table<gw_config_ext>(*plugin_, GW_EXT_CONFIG, why);
    login_ = table<gw_login_ext>(*plugin_, GW_EXT_LOGIN, why);
    work_ = table<gw_work_ext>(*plugin_, GW_EXT_WORK, why);
    migrate_ = table<gw_migrate_ext>(*plugin_, GW_EXT_MIGRATE, why);
    return GW_OK;
  });
  if (!called) return called;
  if (!why.empty()) return invalid(why);
  if (!stream_) return invalid("it lacks the required extension " GW_EXT_STREAM);
  if (!encode_) return invalid("it lacks the required extension " GW_EXT_ENCODE);
  if (!isComplete(*stream_)) return invalid("its " GW_EXT_STREAM " table has a hole");
  if (!encode_->encode || !encode_->wrap) return invalid("its " GW_EXT_ENCODE " table has a hole");
  if (http_ && (!http_->routes || !http_->request || !http_->request_event)) {
    return invalid("its " GW_EXT_HTTP " table has a hole");
  }
  if (health_ && (!health_->selftest || !health_->report)) return invalid("its " GW_EXT_HEALTH " table has a hole");
  if (config_ && !config_->schema) return invalid("its " GW_EXT_CONFIG " table has a hole");
  if (login_ && !login_->login) return invalid("its " GW_EXT_LOGIN " table has a hole");
  if (work_ && !work_->answered) return invalid("its " GW_EXT_WORK " table has a hole");
  if (migrate_ && !isComplete(*migrate_)) return invalid("its " GW_EXT_MIGRATE " table has a hole");
  return migrate_ ? readStateSchema(owner) : Result<void>();
}

Result<void> Generation::readStateSchema(const CallbackOwner& owner) {
  auto called = callPlugin(owner, "migrate.schema", [&](gw_err&) {
    const gw_state_schema* schema = migrate_->schema();
    if (schema != nullptr) stateSchema_ = sdk::asWritten(*schema);
    return GW_OK;
  });
  if (!called) return called;
  const gw_state_schema& s = stateSchema_;
  const bool isSound = s.id.len > 0 && s.id.len <= kMostSchemaId && s.version > 0 && s.min_import > 0 &&
                       s.min_import <= s.version && s.max_export_down > 0 && s.max_export_down <= s.version;
  if (!isSound) return invalid("its " GW_EXT_MIGRATE " schema has no id or its versions are not in order");
  return {};
}

Result<void> Generation::initialise(const gw_host& host, const CallbackOwner& owner) {
  auto called =
      callPlugin(owner, "init", [&](gw_err& err) { return plugin_->init(&host, systemClock().nowNs(), &err); });
  initialised_ = called.ok();
  return called;
}

Generation::~Generation() {
  if (initialised_) {
    const CallbackOwner& owner = internCallbackOwner({channelId_, version_, "", number_});
    auto called = callPlugin(owner, "deinit", [&](gw_err&) {
      plugin_->deinit();
      return GW_OK;
    });
    if (!called) log::error("plugin", called.error().message, {{"plugin", channelId_}, {"generation", number_}});
  }
  const LibraryEnd end = library_ ? library_->close() : LibraryEnd::kUnloaded;
  if (!copy_.empty()) ::unlink(copy_.c_str());
  GenerationLedger::ofProcess().leave(serial_, channelId_, {number_, version_, end});
}

}  // namespace gw::plugin
