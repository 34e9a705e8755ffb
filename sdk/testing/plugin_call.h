#pragma once
// PluginCall: this thread is in a callback of the plugin under test. HostCall: the plugin is in a function of the
// host, for as long. Both nest. They say whose rules apply: FakeHost records what a callback may not do, and
// programs that make a plugin's allocations fail spare the host's (isInPlugin).
//
// Thread: any; each thread has its own stack of calls.

namespace gw::testing {

class PluginCall {
 public:
  /// function: a literal. object: the FakeConn or FakeRequest that it is about, or null.
  PluginCall(const char* function, const void* object);
  ~PluginCall();
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  const char* function() const { return function_; }
  const void* object() const { return object_; }
  /// The innermost of this thread, or null.
  static const PluginCall* current();

 private:
  const char* function_;
  const void* object_;
  const PluginCall* outer_;
  bool wasInPlugin_;
};

class HostCall {
 public:
  HostCall();
  ~HostCall();
  HostCall(const HostCall&) = delete;
  HostCall& operator=(const HostCall&) = delete;

 private:
  bool wasInPlugin_;
};

/// Whether the code that runs is the plugin's. Allocates nothing: malloc itself may ask.
bool isInPlugin() noexcept;

/// function(arguments...) as a PluginCall.
template <class Function, class... Arguments>
auto callPlugin(const char* name, const void* object, Function function, Arguments... arguments) {
  const PluginCall call(name, object);
  return function(arguments...);
}

}  // namespace gw::testing
