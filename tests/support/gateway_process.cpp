#include "support/gateway_process.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace gw::test {

using Json = nlohmann::json;

namespace {

// Rates and counts per address are high: a test's clients all come from 127.0.0.1.
constexpr char kUsual[] = R"({
  "stateDir": "state",
  "gatewayId": "gw-test",
  "loops": 1,
  "http": [{"name": "main", "listen": {"bind": "127.0.0.1", "port": 0}}],
  "accounts": [
    {"channel": "telnet", "account": "default", "listen": {"bind": "127.0.0.1", "port": 0}},
    {"channel": "websocket", "account": "default", "http": "main"},
    {"channel": "sse", "account": "default", "http": "main"}
  ],
  "limits": {
    "unauthenticatedPerAddress": 2000, "connectionsPerAddress": 20000,
    "connectionRatePerAddress": 20000, "connectionBurstPerAddress": 20000,
    "commandRate": 5000, "commandBurst": 5000,
    "commandRatePerUser": 5000, "commandBurstPerUser": 5000, "unitRate": 20000, "unitBurst": 20000
  },
  "lobby": {"registration": true, "guests": true, "rooms": ["lobby", "garden"],
    "registrationsPerHour": 10000, "guestsPerHour": 10000},
  "log": {"level": "info"},
  "shutdown": {"grace": "5s"}
})";

std::string lastPart(const std::string& text) {
  return text.size() <= 4000 ? text : "..." + text.substr(text.size() - 4000);
}

uint16_t portIn(const std::string& address) {
  // "127.0.0.1:4000", "http://127.0.0.1:8080/ws"
  const size_t scheme = address.find("://");
  const size_t from = scheme == std::string::npos ? 0 : scheme + 3;
  const std::string authority = address.substr(from, address.find('/', from) - from);
  return static_cast<uint16_t>(std::stoul(authority.substr(authority.rfind(':') + 1)));
}

}  // namespace

struct GatewayProcess::Ready {
  Json json;
};

std::string pluginFolder() { return GW_TEST_PLUGINS; }
std::string testPlugin(const std::string& name) { return std::string(GW_TEST_BAD_PLUGINS) + "/" + name + ".so"; }

GatewayProcess::GatewayProcess(const std::string& patch) { configure(patch); }

GatewayProcess::~GatewayProcess() = default;

void GatewayProcess::configure(const std::string& patch) {
  Json config = Json::parse(kUsual);
  config.merge_patch(Json::parse(patch));
  folder_.write("gateway.json", config.dump(1));
}

std::unique_ptr<ChildProcess> GatewayProcess::spawn() const {
  std::vector<std::string> argv{GWHOST_PROGRAM, "--config", configFile()};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // Instrumented callbacks on a busy machine exceed their time budget; quarantine has tests of its own.
  argv.emplace_back("--dev");
#endif
  argv.insert(argv.end(), arguments_.begin(), arguments_.end());
  return std::make_unique<ChildProcess>(std::move(argv), folder_.path(), folder_.file("log"));
}

void GatewayProcess::start() {
  process_ = spawn();
  try {
    readyLine_ = process_->readLine(Ms(60'000));
  } catch (const std::exception& problem) {
    throw std::runtime_error(std::string(problem.what()) + "\n--- log\n" + lastPart(log()));
  }
  ready_ = std::make_unique<Ready>(Ready{Json::parse(readyLine_)});
}

int GatewayProcess::stop() {
  if (!process_) return -1;
  process_->signal(SIGTERM);
  return waitExit(Ms(60'000));
}

int GatewayProcess::waitExit(Ms limit) {
  try {
    const int code = process_->waitExit(limit);
    process_.reset();
    return code;
  } catch (const std::exception& problem) {
    throw std::runtime_error(std::string(problem.what()) + "\n--- log\n" + lastPart(log()));
  }
}

void GatewayProcess::kill() {
  process_->signal(SIGKILL);
  (void)process_->waitExit();
  process_.reset();
}

void GatewayProcess::signal(int number) const { process_->signal(number); }
bool GatewayProcess::isRunning() const { return process_ && process_->isRunning(); }

Outcome GatewayProcess::startAndFail() const { return run({GWHOST_PROGRAM, "--config", configFile()}, folder_.path()); }

std::string GatewayProcess::log() const { return readFile(folder_.file("log")); }

void GatewayProcess::waitForLog(const std::string& text) const {
  waitUntil("the log says \"" + text + "\"", [&] { return log().find(text) != std::string::npos; });
}

pid_t GatewayProcess::pid() const { return process_->pid(); }

std::vector<std::string> GatewayProcess::addressesOf(const std::string& account) const {
  return ready_->json.at("accounts").at(account).get<std::vector<std::string>>();
}

uint16_t GatewayProcess::portOf(const std::string& account) const { return portIn(addressesOf(account).at(0)); }
uint16_t GatewayProcess::httpPort() const { return portIn(ready_->json.at("http").at(0).get<std::string>()); }
uint16_t GatewayProcess::adminTcpPort() const { return ready_->json.at("adminTcpPort").get<uint16_t>(); }

uint16_t GatewayProcess::linkPort() const { return portIn(ready_->json.at("link").at(0).get<std::string>()); }

std::string GatewayProcess::makeBackendToken(const std::string& name, std::vector<std::string> flags) const {
  std::vector<std::string> argv{GWHOST_PROGRAM, "--config", configFile(), "--create-backend-token", name};
  argv.insert(argv.end(), flags.begin(), flags.end());
  const Outcome made = run(std::move(argv), folder_.path());
  if (made.exit != 0) throw std::runtime_error("no backend token: " + made.out + made.err);
  return made.out.substr(0, made.out.find('\n'));
}

std::string GatewayProcess::adminSocket() const { return ready_->json.at("adminSocket").get<std::string>(); }

Outcome GatewayProcess::gwctl(std::vector<std::string> arguments) const {
  std::vector<std::string> argv{GWCTL_PROGRAM, "--socket", adminSocket()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run(std::move(argv), folder_.path());
}

Json GatewayProcess::gwctlJson(std::vector<std::string> arguments) const {
  std::string line;
  for (const auto& argument : arguments) line += " " + argument;
  arguments.insert(arguments.end(), {"-o", "json"});
  const Outcome outcome = gwctl(std::move(arguments));
  if (outcome.exit != 0)
    throw std::runtime_error("gwctl" + line + " exits " + std::to_string(outcome.exit) + ": " + outcome.out +
                             outcome.err);
  return Json::parse(outcome.out);
}

size_t GatewayProcess::openDescriptors() const {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid()) + "/fd"))
    ++count;
  return count;
}

size_t GatewayProcess::residentBytes() const {
  std::ifstream file("/proc/" + std::to_string(pid()) + "/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace gw::test
