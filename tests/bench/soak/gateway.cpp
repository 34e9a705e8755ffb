#include "soak/gateway.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace gw::bench {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::string buildOf(const std::string& channel, const std::string& fault) {
  if (fault.empty()) return test::pluginFolder() + "/" + channel + ".so";
  return std::string(GW_FAULTY_PLUGINS) + "/" + channel + "_" + fault + ".so";
}

/// The benchmarks' configuration, with plugins of our own and TLS.
std::string configWith(const std::string& plugins, const test::TestCertificates& certificates, uint32_t loops) {
  Json config = Json::parse(test::readFile(GW_BENCH_CONFIG));
  config.erase("$schema");
  config["stateDir"] = "state";
  config["loops"] = loops;
  config["log"]["level"] = "info";
  config["plugins"]["dirs"] = {plugins};
  Json tls = config.at("accounts").at(0);
  tls["account"] = "tls";
  tls["tls"] = {{"certificateFile", certificates.file("cert.pem")}, {"keyFile", certificates.file("cert.key")}};
  config["accounts"].push_back(tls);
  return config.dump();
}

template <typename Visit>
void eachMapping(pid_t pid, Visit visit) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) visit(line);
}

}  // namespace

SoakGateway::SoakGateway(uint32_t loops) : tls_(certificates_.authority()) {
  for (const char* channel : {"telnet", "websocket", "sse"}) install(channel, "");
  process_ = std::make_unique<test::GatewayProcess>(configWith(plugins_.path(), certificates_, loops));
  process_->start();
  target_.name = "gateway";
  target_.httpPort = process_->httpPort();
  target_.telnetPort = process_->telnetPort();
  target_.telnetTlsPort = process_->portOf("telnet:tls");
  target_.pid = process_->pid();
  target_.tls = &tls_;
}

void SoakGateway::install(const std::string& channel, const std::string& fault) {
  const std::string made = plugins_.file("made");
  fs::copy_file(buildOf(channel, fault), made, fs::copy_options::overwrite_existing);
  fs::permissions(made, fs::perms(0755));
  fs::rename(made, fileOf(channel));
}

void SoakGateway::overwrite(const std::string& channel, const std::string& fault) {
  fs::copy_file(buildOf(channel, fault), fileOf(channel), fs::copy_options::overwrite_existing);
}

size_t SoakGateway::generations() const { return process_->gwctlJson({"plugin", "generations"}).at("items").size(); }

size_t SoakGateway::mappedLibraries() const {
  std::set<std::string> files;
  eachMapping(target_.pid, [&](const std::string& line) {
    const size_t path = line.find('/');
    if (line.find("/generations/") != std::string::npos) files.insert(line.substr(path));
  });
  return files.size();
}

size_t SoakGateway::mapLines() const {
  size_t lines = 0;
  eachMapping(target_.pid, [&](const std::string&) { ++lines; });
  return lines;
}

}  // namespace gw::bench
