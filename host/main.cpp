// gwhost: reads its arguments and configuration, runs the gateway until a signal or `gwctl shutdown`.
//
// SIGTERM, SIGINT: clean stop; a second one skips the store's flush. SIGHUP: reload the configuration.

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "backend/link/options.h"
#include "base/log.h"
#include "config/gateway_config.h"
#include "gateway.h"
#include "plugin/probe.h"

namespace {

constexpr int kInvalidConfig = 7;

/// Signals are taken from a descriptor; blocked first, so that every thread inherits the mask.
int blockSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/// The next signal; 0 if none came within the time, or the stop event fired.
int nextSignal(int signals, int stopEvent, int timeoutMs) {
  pollfd watched[2] = {{signals, POLLIN, 0}, {stopEvent, POLLIN, 0}};
  if (poll(watched, 2, timeoutMs) <= 0) return 0;
  if (watched[1].revents != 0) return SIGTERM;
  signalfd_siginfo info{};
  return read(signals, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

/// The log's thread ends before main does, on every way out.
struct LogCloser {
  ~LogCloser() { gw::log::shutdown(); }
};

int runGateway(const std::string& configFile, bool isDev, const std::string& programDir, int signals) {
  const int stopEvent = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  gw::config::GatewayConfig config = gw::config::load(configFile);
  gw::log::configure({config.log.level, config.log.json, config.log.file});
  gw::Gateway gateway(std::move(config), {isDev, programDir, [stopEvent] { eventfd_write(stopEvent, 1); }});
  try {
    gateway.start();
  } catch (const std::exception& problem) {
    gw::log::error("gateway", problem.what());
    gateway.stop(nullptr);
    throw;
  }
  std::cout << gateway.readyLine() << std::endl;
  for (int signal = 0; signal != SIGTERM && signal != SIGINT; signal = nextSignal(signals, stopEvent, -1)) {
    if (signal != SIGHUP) continue;
    const auto reloaded = gateway.reload();
    if (!reloaded)
      gw::log::error("gateway", "the configuration was not reloaded", {{"error", reloaded.error().message}});
  }
  bool isForced = false;
  gateway.stop([&] {
    const int again = nextSignal(signals, -1, 0);
    isForced = isForced || again == SIGTERM || again == SIGINT;
    return isForced;
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything else: this process is to be as small as can be.
  if (argc == 2 && std::string_view(argv[1]) == "--probe") return gw::plugin::runProbe();
  const int signals = blockSignals();
  CLI::App app{"The Gatehouse connection gateway. Manual: man gwhost, docs/operators/."};
  std::string configFile = "config/gateway.json";
  std::string checkFile;
  bool isDev = false;
  bool isMigration = false;
  std::string backendName;
  gw::link::LinkGrant grant;
  app.add_option("-c,--config", configFile, "configuration file")->capture_default_str();
  app.add_option("--check", checkFile, "read and validate a configuration file, then exit (0 valid, 7 not)");
  app.add_flag("--migrate", isMigration,
               "bring the store to this program's schema, then exit; the gateway must be down");
  auto* token =
      app.add_option("--create-backend-token", backendName,
                     "make the token of a backend with this name, print it once, then exit; the gateway must be down");
  app.add_flag("--broadcast", grant.mayBroadcast, "with --create-backend-token: it may speak to everybody at once")
      ->needs(token);
  app.add_flag("--raw-terminal", grant.mayUseRawTerminal,
               "with --create-backend-token: it may send bytes to terminals as they are")
      ->needs(token);
  app.add_flag("--dev", isDev, "for plugin authors: no quarantine, the watchdog never aborts");
  app.set_version_flag("--version", "gwhost 0.1.0");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    const int code = app.exit(problem);
    return code == 0 ? 0 : 2;
  }
  const LogCloser closer;
  try {
    if (!checkFile.empty()) {
      gw::config::load(checkFile);
      std::cout << checkFile << ": valid" << std::endl;
      return 0;
    }
    if (isMigration) {
      std::cout << gw::Gateway(gw::config::load(configFile), {}).migrateStore() << std::endl;
      return 0;
    }
    if (!backendName.empty()) {
      // The secret alone, so that "> FILE" makes a token file.
      gw::Gateway gateway(gw::config::load(configFile), {});
      std::cout << gateway.createBackendToken(backendName, grant) << std::endl;
      return 0;
    }
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return runGateway(configFile, isDev, program.parent_path().string(), signals);
  } catch (const gw::config::ConfigError& problem) {
    gw::log::shutdown();  // so that the last line says what to do
    std::cerr << "gwhost: " << problem.what() << std::endl;
    return kInvalidConfig;
  } catch (const std::exception& problem) {
    gw::log::shutdown();
    std::cerr << "gwhost: " << problem.what() << std::endl;
    return 1;
  }
}
