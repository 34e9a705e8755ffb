#pragma once
// How a Stream calls its plugin; for stream*.cpp alone.

#include <string>

#include "plugin/callback_guard.h"
#include "plugin/stream.h"

namespace gw::plugin {

/// While the plugin is on the stack, whatever would call it again waits; the outermost call runs it.
class Stream::PluginCall {
 public:
  explicit PluginCall(Stream& stream) : stream_(stream) { ++stream_.inPlugin_; }
  ~PluginCall() {
    if (--stream_.inPlugin_ > 0) return;
    while (!stream_.deferred_.empty()) {
      auto tasks = std::exchange(stream_.deferred_, {});
      for (Task& task : tasks) task();
    }
  }
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

 private:
  Stream& stream_;
};

template <typename F>
auto Stream::guarded(const char* name, F&& call) {
  PluginCall depth(*this);
  CallbackGuard guard(*instance_, name);
  return call();
}

/// What a plugin is told of a stream when it gets it, and what that points to.
class Stream::OpenInfo {
 public:
  explicit OpenInfo(const Stream& stream);
  const gw_open_info& view() const { return info_; }
  OpenInfo(const OpenInfo&) = delete;
  OpenInfo& operator=(const OpenInfo&) = delete;

 private:
  const std::string peer_;
  const std::string local_;
  gw_open_info info_{};
};

}  // namespace gw::plugin
