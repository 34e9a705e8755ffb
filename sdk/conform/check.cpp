#include "conform/check.h"

#include "conform/visit.h"

namespace gw::conform {
namespace {

/// What a client of a guessed HTTP channel shows: enough for an upgrade to WebSocket or an event stream.
testing::Headers usualHeaders() {
  return {{"authorization", "Bearer conformance"},
          {"accept", "text/event-stream"},
          {"content-type", "application/json"},
          {"upgrade", "websocket"},
          {"connection", "Upgrade"},
          {"sec-websocket-version", "13"},
          {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};
}

/// The usual conversations, begun by a socket and by a request of each route.
std::vector<Conversation> guesses(testing::FakeHost& host) {
  const std::vector<Conversation> usual = usualConversations();
  std::vector<Conversation> out;
  for (const auto& route : host.routes()) {
    for (Conversation each : usual) {
      each.request = Opening{route.method, route.path, {}, {}, usualHeaders()};
      each.name += " after " + route.method + " " + route.path;
      out.push_back(std::move(each));
    }
  }
  if (out.empty()) out = usual;
  return out;
}

constexpr const char* kNoStream = "no conversation makes a stream; write one (--conversation)";

const Check kChecks[] = {
    {"elf", "the file can be loaded beside others, and unloaded", "docs/plugin-authors/rules.md: Unloading; gw/note.h",
     checkElf},
    {"entry", "the entry agrees on an ABI version, or says why not", "gw/plugin.h: gw_plugin_entry_fn", checkEntry},
    {"descriptor", "the descriptor is whole and agrees with the note", "gw/plugin.h: gw_descriptor; gw/note.h",
     checkDescriptor},
    {"tables", "every table that is offered is complete", "gw/plugin.h: get_extension; each gw_*_ext", checkTables},
    {"config", "options are checked without side effects, and odd ones do no harm",
     "gw/plugin.h: validate_config; gw/config.h", checkConfig},
    {"lifecycle", "instances come and go in any order that is allowed", "gw/plugin.h: gw_instance_ops", checkLifecycle},
    {"reconfigure", "new options apply or leave everything as it was", "gw/plugin.h: reconfigure", checkReconfigure},
    {"http", "every request ends once", "gw/http.h: request, request_event", checkHttp},
    {"conversation", "each conversation makes a stream on which something happens", "gw/stream.h: open",
     checkConversations},
    {"endings", "a stream may end at any moment, in any way", "gw/stream.h: eof, close_begin, closed", checkEndings},
    {"unknown", "what is unknown is ignored", "gw/stream.h: notice; gw/login.h: login", checkUnknown},
    {"split", "input cut anywhere gives the same result", "gw/stream.h: data", checkSplit},
    {"input", "no input crashes it, fills it or makes it stop", "gw/stream.h: data", checkHostileInput},
    {"backpressure", "AGAIN loses nothing", "gw/host.h: send, submit, frame; gw/stream.h: writable", checkBackpressure},
    {"timers", "time in one piece or in many is the same", "gw/host.h: timer_set; gw/stream.h: timer", checkTimers},
    {"encode", "encode is pure", "gw/encode.h: encode", checkEncode},
    {"wrap", "head and tail keep to their bounds", "gw/encode.h: wrap, GW_WRAP_MAX", checkWrap},
    {"export", "a state that was imported is exported again the same", "gw/migrate.h: export_state, import_state",
     checkExport},
    {"import", "hostile states are refused, or taken without harm", "gw/migrate.h: import_state", checkImport},
    {"migrate", "a move at any moment is not seen", "gw/migrate.h", checkMigrate},
    {"rehearse", "a move that is given up changes nothing", "gw/migrate.h: resume, released", checkRehearse},
    {"memory", "running out of memory is answered, whenever it happens", "gw/types.h: GW_E_NOMEM", checkMemory},
    {"threads", "streams on several threads do not disturb each other", "gw/types.h: thread tags", checkThreads},
    {"unload", "a hundred loads leave nothing behind", "gw/plugin.h: deinit, GW_UNLOAD_SAFE", checkUnload},
};

}  // namespace

std::span<const Check> allChecks() { return kChecks; }

const Check* findCheck(std::string_view id) {
  for (const Check& check : kChecks)
    if (id == check.id) return &check;
  return nullptr;
}

const gw_plugin& Context::plugin() {
  if (subject_ == nullptr) {
    step("loading it");
    subject_ = std::make_unique<Subject>(order_.file);
  }
  return subject_->plugin();
}

const std::vector<Conversation>& Context::conversations() {
  if (!order_.conversations.empty()) return order_.conversations;
  if (guessed_.empty()) {
    Trial trial(plugin(), order_.options);
    guessed_ = guesses(trial.host());
  }
  return guessed_;
}

const std::vector<Conversation>& Context::streams() {
  if (!streams_.empty()) return streams_;
  for (const Conversation& conversation : conversations()) {
    step("opening a stream for " + conversation.name);
    Trial trial(plugin(), optionsOf(conversation));
    if (Visit(trial.host(), conversation).isOpen()) streams_.push_back(conversation);
  }
  if (streams_.empty()) throw Skip{kNoStream};
  return streams_;
}

const gw_migrate_ext& Context::migrate() {
  const auto* table = tableOf<gw_migrate_ext>(plugin(), GW_EXT_MIGRATE);
  if (table == nullptr) throw Skip{"the plugin offers no " GW_EXT_MIGRATE};
  return *table;
}

}  // namespace gw::conform
