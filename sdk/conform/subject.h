#pragma once
// Subject: the plugin under test, loaded. Trial: one life of it with a FakeHost, from init to deinit.

#include <memory>
#include <string>

#include "testing/fake_host.h"

namespace gw::conform {

class Subject {
 public:
  /// Throws Failure if it cannot be loaded.
  explicit Subject(const std::string& file);
  const gw_plugin& plugin() const { return *file_.plugin(); }

 private:
  testing::PluginFile file_;
};

/// Its table of that id, or null.
template <class Table>
const Table* tableOf(const gw_plugin& plugin, const char* id) {
  return static_cast<const Table*>(plugin.get_extension({id, std::char_traits<char>::length(id)}));
}
std::string textOf(gw_slice slice);

class Trial {
 public:
  /// Throws Failure if the plugin refuses these options.
  Trial(const gw_plugin& plugin, const std::string& options);
  testing::FakeHost& host() { return host_; }
  /// Ends it; throws Failure if the plugin broke a rule meanwhile. Every connection has ended.
  void finish();

 private:
  testing::FakeHost host_;
  size_t buffersBefore_;
};

}  // namespace gw::conform
