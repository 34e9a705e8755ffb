#pragma once
// GatewayProcess: the real gwhost with a configuration of the test's own, every port 0, the state in a
// fresh folder; and the real gwctl against it. Not thread-safe, but const functions may be called from
// several threads. Failures throw std::runtime_error that carries the end of the log.

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "support/child_process.h"

namespace gw::test {

class GatewayProcess {
 public:
  /// patch: a JSON merge patch (RFC 7386) onto the usual configuration: telnet, websocket and sse on
  /// 127.0.0.1, guests and registration, one loop, rates that tests do not meet by accident.
  explicit GatewayProcess(const std::string& patch = "{}");
  ~GatewayProcess();

  /// One more for the command line of the next start.
  void addArgument(const std::string& argument) { arguments_.push_back(argument); }
  /// Starts it and waits for its ready line.
  void start();
  /// SIGTERM; answers the exit code, which tests expect to be 0.
  int stop();
  /// kill -9.
  void kill();
  void signal(int number) const;
  bool isRunning() const;
  /// For a process that ends by itself (`gwctl shutdown`).
  int waitExit(Ms limit = kPatience);

  /// Replaces the configuration file; in force after a reload or a restart.
  void configure(const std::string& patch);
  /// Of a gateway that is down: makes a backend's token; answers it.
  std::string makeBackendToken(const std::string& name, std::vector<std::string> flags = {}) const;
  /// Starts with whatever is in the configuration file and expects it to end by itself.
  Outcome startAndFail() const;

  const std::string& folder() const { return folder_.path(); }
  const TempFolder& files() const { return folder_; }
  std::string adminSocket() const;
  std::string configFile() const { return folder_.file("gateway.json"); }
  std::string log() const;
  void waitForLog(const std::string& text) const;
  const std::string& readyLine() const { return readyLine_; }

  pid_t pid() const;
  uint16_t telnetPort() const { return portOf("telnet:default"); }
  uint16_t httpPort() const;
  /// The port of an account's first address.
  uint16_t portOf(const std::string& account) const;
  std::vector<std::string> addressesOf(const std::string& account) const;
  uint16_t adminTcpPort() const;
  /// Of the backend link.
  uint16_t linkPort() const;

  Outcome gwctl(std::vector<std::string> arguments) const;
  /// gwctl ... -o json; throws unless it exits 0.
  nlohmann::json gwctlJson(std::vector<std::string> arguments) const;

  size_t openDescriptors() const;
  size_t residentBytes() const;

 private:
  struct Ready;
  std::unique_ptr<ChildProcess> spawn() const;

  TempFolder folder_;
  std::vector<std::string> arguments_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<Ready> ready_;
  std::string readyLine_;
};

/// Where the build put things.
std::string pluginFolder();
std::string testPlugin(const std::string& name);

}  // namespace gw::test
