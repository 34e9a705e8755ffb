#pragma once
// Check: one rule of the plugin contract and how it is tried. A check runs in a process of its own, throws Failure or
// Skip, and has passed when it returns.

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "conform/conversation.h"
#include "conform/subject.h"

namespace gw::conform {

/// What is tried, and with what; the same in the process that runs all checks and in those that run one.
struct Order {
  std::string file;  // the plugin; absolute
  std::string options = "{}";
  std::vector<Conversation> conversations;  // empty: the usual ones
  uint64_t seed = 0;
};

/// The rule is broken. why: a sentence for the plugin's author.
struct Failure {
  std::string why;
};
/// The rule cannot be tried on this plugin, or here.
struct Skip {
  std::string why;
};

class Context {
 public:
  using Say = void (*)(const std::string& step);
  Context(const Order& order, Say say) : order_(order), say_(say) {}

  const Order& order() const { return order_; }
  /// Loaded at the first call.
  const gw_plugin& plugin();
  std::mt19937_64 random() const { return std::mt19937_64(order_.seed); }
  /// Told before it is done: if the plugin crashes or hangs, this is where.
  void step(const std::string& what) { say_(what); }
  const std::string& optionsOf(const Conversation& conversation) const {
    return conversation.options.has_value() ? *conversation.options : order_.options;
  }
  /// The author's, or the usual ones.
  const std::vector<Conversation>& conversations();
  /// Those that make a stream, at least one. Throws Skip if there is none.
  const std::vector<Conversation>& streams();
  /// Throws Skip if the plugin has none.
  const gw_migrate_ext& migrate();
  /// dlclose; what was got of the plugin is gone.
  void unload() { subject_.reset(); }

 private:
  const Order& order_;
  Say say_;
  std::unique_ptr<Subject> subject_;
  std::vector<Conversation> guessed_, streams_;
};

struct Check {
  const char* id;
  const char* purpose;  // what holds if it passes
  const char* rule;     // where that is written
  void (*run)(Context&);
};

/// In the order in which they run: what a failure would make others fail comes first.
std::span<const Check> allChecks();
const Check* findCheck(std::string_view id);  // or null

// Each in its file in checks/.
void checkElf(Context&);
void checkEntry(Context&);
void checkDescriptor(Context&);
void checkTables(Context&);
void checkConfig(Context&);
void checkLifecycle(Context&);
void checkReconfigure(Context&);
void checkHttp(Context&);
void checkConversations(Context&);
void checkEndings(Context&);
void checkUnknown(Context&);
void checkSplit(Context&);
void checkHostileInput(Context&);
void checkBackpressure(Context&);
void checkTimers(Context&);
void checkEncode(Context&);
void checkWrap(Context&);
void checkExport(Context&);
void checkImport(Context&);
void checkMigrate(Context&);
void checkRehearse(Context&);
void checkMemory(Context&);
void checkThreads(Context&);
void checkUnload(Context&);

}  // namespace gw::conform
