// gwhost --probe: tries a plugin in this process, against a host without sockets, and says each step.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "plugin/mapped_file.h"
#include "plugin/probe.h"
#include "testing/fake_host.h"

namespace gw::plugin {
namespace {

constexpr rlim_t kCpuSeconds = 10;
constexpr rlim_t kMemoryBytes = rlim_t{2} << 30;
constexpr rlim_t kFileBytes = 1 << 20;
constexpr rlim_t kFiles = 64;

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit value{most, most};
  setrlimit(what, &value);
}

void restrictOurselves() {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, kCpuSeconds);
  limit(RLIMIT_FSIZE, kFileBytes);
  limit(RLIMIT_NOFILE, kFiles);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // those reserve address space by the terabyte
  limit(RLIMIT_AS, kMemoryBytes);
#endif
}

void say(const std::string& line) { std::cout << line << std::endl; }

struct Refused {
  std::string why;
};

std::string oneLine(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\r') c = ' ';
  return text;
}

/// A short life: in, a line, an event, time, a goodbye. What it answers is its own affair.
void tryConnection(testing::FakeHost& host) {
  const auto conn = host.open();
  if (!conn) return;  // an HTTP channel's streams come by its requests
  conn->receive("hello\r\n");
  conn->deliver(testing::FakeEvent::line("hello"), 1);
  host.advance(1'000);
  if (conn->isOpen()) conn->closeBegin(GW_CLOSE_NORMAL, "Goodbye.");
}

void tryAccount(const gw_plugin& plugin, const std::string& id, const std::string& options) {
  say("step creating " + id);
  testing::FakeHost host(plugin, options);
  if (!host.ok()) throw Refused{id + ": " + host.error()};
  say("step testing " + id);
  const bool hasSelftest = plugin.get_extension({GW_EXT_HEALTH, sizeof GW_EXT_HEALTH - 1}) != nullptr;
  if (hasSelftest && host.selftest() != GW_OK) throw Refused{id + ": " + host.error()};
  say("step opening a connection of " + id);
  tryConnection(host);
  say("step ending " + id);
}

void tryPlugin(const nlohmann::json& order) {
  const std::string library = order.at("library").get<std::string>();
  bool staysLoaded = false;
  {
    say("step loading the library");
    const testing::PluginFile file(library);
    if (file.plugin() == nullptr) throw Refused{file.error()};
    staysLoaded = file.plugin()->descriptor->unload_policy != GW_UNLOAD_SAFE;
    for (const auto& account : order.at("accounts"))
      tryAccount(*file.plugin(), account.at("id").get<std::string>(), account.at("options").get<std::string>());
    say("step unloading the library");
  }
  if (!staysLoaded && isCodeMapped(library))
    throw Refused{"the library stays mapped after it was unloaded: each reload would leave one behind"};
}

}  // namespace

int runProbe() {
  restrictOurselves();
  try {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    tryPlugin(nlohmann::json::parse(text));
  } catch (const Refused& refusal) {
    say("refused " + oneLine(refusal.why));
    return 1;
  } catch (const std::exception& problem) {
    say("refused it threw: " + oneLine(problem.what()));
    return 1;
  }
  say("passed");
  // Destructors of what is still loaded are not the plugin's any more.
  std::cout.flush();
  _exit(0);
}

}  // namespace gw::plugin
