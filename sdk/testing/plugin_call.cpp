#include "testing/plugin_call.h"

namespace gw::testing {
namespace {

thread_local const PluginCall* innermost = nullptr;
thread_local bool inPlugin = false;

}  // namespace

PluginCall::PluginCall(const char* function, const void* object)
    : function_(function), object_(object), outer_(innermost), wasInPlugin_(inPlugin) {
  innermost = this;
  inPlugin = true;
}

PluginCall::~PluginCall() {
  inPlugin = wasInPlugin_;
  innermost = outer_;
}

const PluginCall* PluginCall::current() { return innermost; }

HostCall::HostCall() : wasInPlugin_(inPlugin) { inPlugin = false; }
HostCall::~HostCall() { inPlugin = wasInPlugin_; }

bool isInPlugin() noexcept { return inPlugin; }

}  // namespace gw::testing
