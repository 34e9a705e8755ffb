// elf, entry, descriptor, tables: what can be known before the first instance.
#include <dlfcn.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>

#include "conform/check.h"
#include "elf/elf_inspect.h"
#include "gw/slice.hpp"
#include "testing/guarded.h"
#include "testing/plugin_call.h"

namespace gw::conform {
namespace {

constexpr uint32_t kUnwritten = 0xDEADBEEF;

struct Range {
  uint32_t least, most;
};

std::string wordsFor(const Range& range) {
  return "asked for ABI " + std::to_string(range.least) + " to " + std::to_string(range.most) + ", the entry ";
}

struct Entered {
  const gw_plugin* plugin;
  uint32_t chosen;
  testing::GuardedErr err;
};

Entered enter(gw_plugin_entry_fn entry, const Range& range) {
  Entered out{nullptr, kUnwritten, {}};
  out.plugin =
      testing::callPlugin("gw_plugin_entry", nullptr, entry, range.least, range.most, &out.chosen, out.err.ptr());
  if (!out.err.isIntact() || !out.err.isTerminated()) throw Failure{wordsFor(range) + "broke the bounds of its gw_err"};
  return out;
}

elf::Inspection inspect(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  elf::Inspection inspection = elf::inspectElf(bytes);
  if (!inspection.ok()) throw Failure{"the file " + inspection.refusal};
  return inspection;
}

bool isPlainText(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return true;
}

void expectText(const char* field, const gw_slice& slice, bool mayBeEmpty) {
  const std::string text = textOf(slice);
  if (text.empty() && !mayBeEmpty) throw Failure{std::string("descriptor.") + field + " is empty"};
  if (text.size() > 256 || !isPlainText(text))
    throw Failure{std::string("descriptor.") + field + " is no short plain text: " + inQuotes(text)};
}

/// A table of functions behind its struct_size, as the headers lay them out.
struct Shape {
  const char* id;
  size_t bytes;
  std::array<const char*, 12> functions;
  const char* optional = "";
};

const Shape kShapes[] = {
    {GW_EXT_STREAM,
     sizeof(gw_stream_ext),
     {"open", "data", "eof", "timer", "writable", "event", "notice", "close_begin", "closed"}},
    {GW_EXT_ENCODE, sizeof(gw_encode_ext), {"encode", "wrap", "deliver"}, "deliver"},
    {GW_EXT_HTTP, sizeof(gw_http_ext), {"routes", "request", "request_event"}},
    {GW_EXT_HEALTH, sizeof(gw_health_ext), {"selftest", "report"}},
    {GW_EXT_CONFIG, sizeof(gw_config_ext), {"schema"}},
    {GW_EXT_LOGIN, sizeof(gw_login_ext), {"login"}},
    {GW_EXT_MIGRATE,
     sizeof(gw_migrate_ext),
     {"schema", "quiesce", "resume", "export_state", "import_state", "commit", "released"}},
};
const Shape kInstanceShape{"gw_instance_ops",
                           sizeof(gw_instance_ops),
                           {"validate_config", "create", "start", "reconfigure", "drain", "stop", "destroy"}};

void expectComplete(const Shape& shape, const void* table) {
  uint32_t size = 0;
  std::memcpy(&size, table, sizeof size);
  if (size < shape.bytes)
    throw Failure{std::string(shape.id) + ": its struct_size is " + std::to_string(size) + ", this SDK's table has " +
                  std::to_string(shape.bytes) + " bytes"};
  const size_t count = shape.bytes / sizeof(void*) - 1;
  for (size_t i = 0; i < count; ++i) {
    const void* function = nullptr;
    std::memcpy(&function, static_cast<const char*>(table) + (i + 1) * sizeof(void*), sizeof function);
    if (function == nullptr && std::string_view(shape.functions[i]) != shape.optional)
      throw Failure{std::string(shape.id) + ": " + shape.functions[i] + " is NULL"};
  }
}

const void* ask(const gw_plugin& plugin, std::string_view id) {
  return testing::callPlugin("get_extension", nullptr, plugin.get_extension, gw_slice{id.data(), id.size()});
}

void checkAnswer(const gw_plugin& plugin, const Shape& shape) {
  const std::string id = shape.id;
  const void* table = ask(plugin, id);
  if (table != ask(plugin, id)) throw Failure{"get_extension(" + id + ") answers differently the second time"};
  // An id is a slice: what stands behind it does not belong to it, and what is longer is another.
  const std::string longer = id + "0";
  if (ask(plugin, std::string_view(longer).substr(0, id.size())) != table)
    throw Failure{"get_extension(" + id + ") looks beyond the end of the slice"};
  if (ask(plugin, longer) != nullptr) throw Failure{"get_extension answers for " + longer + ", which it cannot know"};
  if (ask(plugin, std::string_view(id).substr(0, id.size() - 1)) != nullptr)
    throw Failure{"get_extension answers for a part of " + id};
  if (table != nullptr) expectComplete(shape, table);
}

void checkSchema(const gw_migrate_ext& migrate) {
  const gw_state_schema* given = testing::callPlugin("schema", nullptr, migrate.schema);
  if (given == nullptr) throw Failure{"gw.migrate/1: there is no schema"};
  const gw_state_schema schema = sdk::asWritten(*given);
  const std::string id = textOf(schema.id);
  if (id.empty() || id.size() > 64) throw Failure{"gw.migrate/1: the schema's id has 1 to 64 bytes"};
  const auto isWithin = [&](uint32_t oldest) { return oldest >= 1 && oldest <= schema.version; };
  if (schema.version < 1 || !isWithin(schema.min_import) || !isWithin(schema.max_export_down))
    throw Failure{"gw.migrate/1: min_import and max_export_down are within 1..version"};
}

}  // namespace

void checkEntry(Context& context) {
  context.plugin();
  void* handle = dlopen(context.order().file.c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto entry = reinterpret_cast<gw_plugin_entry_fn>(handle ? dlsym(handle, GW_PLUGIN_ENTRY_SYMBOL) : nullptr);
  if (entry == nullptr) throw Failure{"it does not export " GW_PLUGIN_ENTRY_SYMBOL};
  const gw_plugin* first = nullptr;
  for (const Range& range :
       {Range{GW_ABI_VERSION, GW_ABI_VERSION}, Range{0, GW_ABI_VERSION + 9}, Range{GW_ABI_VERSION, GW_ABI_VERSION}}) {
    context.step(wordsFor(range) + "is called");
    const Entered got = enter(entry, range);
    if (got.plugin == nullptr) throw Failure{wordsFor(range) + "refuses: " + got.err.text()};
    if (got.chosen < range.least || got.chosen > range.most)
      throw Failure{wordsFor(range) + "chose " + (got.chosen == kUnwritten ? "none" : std::to_string(got.chosen))};
    if (first != nullptr && first != got.plugin) throw Failure{"the entry returns another table at the second call"};
    first = got.plugin;
  }
  for (const Range& range : {Range{GW_ABI_VERSION + 1, GW_ABI_VERSION + 9}, Range{0, 0}}) {
    context.step(wordsFor(range) + "is called");
    const Entered got = enter(entry, range);
    if (got.plugin != nullptr) throw Failure{wordsFor(range) + "returned a table instead of NULL"};
    if (got.chosen != kUnwritten) throw Failure{wordsFor(range) + "refused and wrote *chosen_abi_out"};
    if (got.err.text().empty()) throw Failure{wordsFor(range) + "refused and left err empty"};
  }
  dlclose(handle);
}

void checkElf(Context& context) { inspect(context.order().file); }

void checkDescriptor(Context& context) {
  const gw_plugin& plugin = context.plugin();
  if (plugin.struct_size < sizeof(gw_plugin)) throw Failure{"gw_plugin.struct_size is too small for this SDK"};
  if (plugin.descriptor == nullptr) throw Failure{"gw_plugin.descriptor is NULL"};
  const gw_descriptor& descriptor = *plugin.descriptor;
  if (descriptor.struct_size < sizeof(gw_descriptor)) throw Failure{"descriptor.struct_size is too small for this SDK"};
  const std::string id = textOf(descriptor.id), version = textOf(descriptor.version);
  if (!elf::isChannelId(id)) throw Failure{"descriptor.id is " + inQuotes(id) + "; expected ^[a-z][a-z0-9-]{0,31}$"};
  expectText("name", descriptor.name, false);
  expectText("version", descriptor.version, false);
  expectText("vendor", descriptor.vendor, true);
  expectText("license", descriptor.license, true);
  const elf::PluginNote note = inspect(context.order().file).note;
  if (note.id != id) throw Failure{"the note's id is " + inQuotes(note.id) + ", the descriptor's " + inQuotes(id)};
  if (note.pluginVersion != version)
    throw Failure{"the note's version is " + inQuotes(note.pluginVersion) + ", the descriptor's " + inQuotes(version)};
}

void checkTables(Context& context) {
  const gw_plugin& plugin = context.plugin();
  if (!plugin.init || !plugin.deinit || !plugin.get_extension) throw Failure{"the gw_plugin table has a hole"};
  if (plugin.instance == nullptr) throw Failure{"gw_plugin.instance is NULL"};
  expectComplete(kInstanceShape, plugin.instance);
  for (const Shape& shape : kShapes) checkAnswer(plugin, shape);
  for (const char* required : {GW_EXT_STREAM, GW_EXT_ENCODE})
    if (ask(plugin, required) == nullptr) throw Failure{std::string("it lacks the required extension ") + required};
  if (ask(plugin, "") != nullptr || ask(plugin, "gw.nothing/1") != nullptr)
    throw Failure{"get_extension answers for an id that does not exist"};
  if (const auto* migrate = tableOf<gw_migrate_ext>(plugin, GW_EXT_MIGRATE)) checkSchema(*migrate);
}

}  // namespace gw::conform
