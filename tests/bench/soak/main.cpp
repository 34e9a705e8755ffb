// gw_reload_soak: plugins are replaced again and again under clients of all kinds that talk without end; some of the
// new code is broken. Prints a table. Exit: 0 passed; 1 something was lost, dropped, left behind or took too long;
// 2 wrong arguments. docs/performance.md says what the figures mean.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <future>
#include <stdexcept>

#include "soak/gateway.h"
#include "soak/reloads.h"
#include "soak/report.h"
#include "soak/traffic.h"

namespace gw::bench {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

// ThreadSanitizer's runtime may keep a library mapped whatever the gateway does.
#if defined(__SANITIZE_THREAD__)
constexpr bool kLooksAtLibraries = false;
#else
constexpr bool kLooksAtLibraries = true;
#endif

constexpr size_t kMostLog = 8000;

struct Options {
  uint32_t clients = 5000;
  uint32_t reloads = 200;
  uint32_t loops = 2;
  uint64_t seed = 1;
  double pauseSeconds = 1;
  double mostSeconds = 3;
  SoakPace pace;
  std::string mix = "telnet:30,telnet-tls:10,websocket:30,terminal:10,sse:20";
};

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1e3));
}

void raiseFileLimit() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

/// A channel without clients takes over nobody, and so cannot fail to.
void checkMix(const SoakMix& mix) {
  const bool hasTelnet = mix.on(Wire::kTelnet) + mix.on(Wire::kTelnetTls) > 0;
  if (!hasTelnet || mix.on(Wire::kSse) == 0)
    throw std::invalid_argument("expected clients of telnet (or telnet-tls) and of sse");
}

ReloadLimits limitsOf(const Options& options, const SoakMix& mix) {
  ReloadLimits limits;
  limits.pause = milliseconds(options.pauseSeconds);
  limits.most = milliseconds(options.mostSeconds);
  limits.looksAtLibraries = kLooksAtLibraries;
  limits.connections = {{"telnet", mix.on(Wire::kTelnet) + mix.on(Wire::kTelnetTls)},
                        {"websocket", mix.on(Wire::kWebSocket) + mix.on(Wire::kTerminal) + 1},  // and the speaker
                        {"sse", mix.on(Wire::kSse)}};
  return limits;
}

/// Reloads on a thread of their own, clients on this one, until the plan has been played.
void play(SoakTraffic& traffic, SoakReloads& reloads) {
  auto driver = std::async(std::launch::async, [&] { reloads.run(); });
  try {
    traffic.run([&] { return driver.wait_for(std::chrono::seconds(0)) == std::future_status::ready; },
                reloads.phases());
  } catch (...) {
    reloads.stop();
    throw;
  }
  driver.get();
}

/// The gateway's exit code; -1: it did not end in time.
int stopped(SoakGateway& gateway) {
  try {
    return gateway.stop();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "soak: %s\n", problem.what());
    return -1;
  }
}

bool soak(const Options& options, const SoakMix& mix, SoakGateway& gateway) {
  SoakTraffic traffic(gateway.target(), mix, options.pace, options.seed);
  traffic.open();
  std::fprintf(stderr, "soak: %u clients play\n", traffic.playing() - 1);
  SoakReloads reloads(gateway, planReloads(options.reloads, options.seed, kLooksAtLibraries), limitsOf(options, mix));
  const uint64_t startNs = nowNs();
  play(traffic, reloads);
  const double seconds = static_cast<double>(nowNs() - startNs) / 1e9;
  traffic.finish();
  return print({.mix = mix,
                .loops = options.loops,
                .seconds = seconds,
                .traffic = traffic.figures(),
                .reloads = reloads.results(),
                .planned = options.reloads,
                .leaked = reloads.leaked(),
                .looksAtLibraries = kLooksAtLibraries,
                .expectsLeak = kLooksAtLibraries && options.reloads > 3,
                .comparesMemory = !kIsSanitized,
                .exitCode = stopped(gateway)});
}

/// The gateway's last words, for whoever has to find out.
bool soakAndTell(const Options& options, const SoakMix& mix) {
  SoakGateway gateway(options.loops);
  const auto tellLog = [&] {
    const std::string log = gateway.process().log();
    std::fprintf(stderr, "--- the end of the gateway's log\n%s\n",
                 log.substr(log.size() - std::min(log.size(), kMostLog)).c_str());
  };
  try {
    const bool isGood = soak(options, mix, gateway);
    if (!isGood) tellLog();
    return isGood;
  } catch (...) {
    tellLog();
    throw;
  }
}

}  // namespace
}  // namespace gw::bench

int main(int argc, char** argv) {
  using namespace gw::bench;
  CLI::App app{"Reloads plugins under live clients, and counts what goes wrong."};
  Options options;
  app.add_option("--clients", options.clients, "Clients")->capture_default_str()->check(CLI::Range(2, 100'000));
  app.add_option("--reloads", options.reloads, "Reloads")->capture_default_str();
  app.add_option("--pause", options.pauseSeconds, "Seconds between two reloads")->capture_default_str();
  app.add_option("--seed", options.seed, "Of the order of reloads and of what clients do")->capture_default_str();
  app.add_option("--mix", options.mix, "Kinds of clients and their shares")->capture_default_str();
  app.add_option("--loops", options.loops, "Loops of the gateway")->capture_default_str()->check(CLI::Range(1, 64));
  app.add_option("--lines", options.pace.linesPerSecond, "Lines a second that all hear")->capture_default_str();
  app.add_option("--turn", options.pace.turnSeconds, "Seconds between two turns of a client")->capture_default_str();
  app.add_option("--most", options.mostSeconds, "Seconds that a reload may take")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const SoakMix mix = mixOf(options.mix, options.clients);
    checkMix(mix);
    raiseFileLimit();
    return soakAndTell(options, mix) ? 0 : 1;
  } catch (const std::invalid_argument& problem) {
    std::fprintf(stderr, "gw_reload_soak: --mix: %s\n", problem.what());
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "gw_reload_soak: %s\n", problem.what());
    return 1;
  }
}
