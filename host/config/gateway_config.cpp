#include "config/gateway_config.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "config/fields.h"
#include "config/file_check.h"
#include "config/json_document.h"
#include "config/json_reader.h"
#include "config/json_writer.h"
#include "config/validate.h"

namespace gw::config {
namespace {

bool registrationIsSet(const Json& document) {
  const auto lobby = document.find("lobby");
  return lobby != document.end() && lobby->is_object() && lobby->contains("registration");
}

void checkSecretFiles(const GatewayConfig& config) {
  const auto check = [&](const std::string& file, const std::string& path) {
    if (!file.empty()) refuseReadableSecret(resolvePath(config, file), config.sourceFile + ": " + path);
  };
  check(config.postgres.passwordFile, "/store/postgres/passwordFile");
  for (size_t i = 0; i < config.http.size(); ++i) {
    check(config.http[i].tls.keyFile, "/http/" + std::to_string(i) + "/tls/keyFile");
  }
  for (size_t i = 0; i < config.accounts.size(); ++i) {
    check(config.accounts[i].tls.keyFile, "/accounts/" + std::to_string(i) + "/tls/keyFile");
  }
}

}  // namespace

GatewayConfig parse(const std::string& json, const std::string& sourceName) {
  const Json document = parseDocument(json, sourceName);
  GatewayConfig config;
  config.sourceFile = sourceName;
  ObjectReader reader(document, "", sourceName);
  refuseInlineSecrets(document, sourceName);
  std::string schema;  // for editors; the gateway does not follow it
  reader.text("$schema", schema);
  describe(reader, config);
  reader.finish();
  validate(config, registrationIsSet(document), sourceName);
  return config;
}

GatewayConfig load(const std::string& file) {
  GatewayConfig config = parse(readTrustedFile(file), file);
  checkSecretFiles(config);
  return config;
}

std::string toJson(const GatewayConfig& config) {
  Json document;
  ObjectWriter writer(document);
  GatewayConfig copy = config;  // the visitors take references that a reader would fill
  describe(writer, copy);
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string resolvePath(const GatewayConfig& config, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const size_t slash = config.sourceFile.rfind('/');
  return slash == std::string::npos ? path : config.sourceFile.substr(0, slash + 1) + path;
}

std::string statePath(const GatewayConfig& config, const std::string& file) {
  if (!file.empty() && file.front() == '/') return file;
  const std::string folder = resolvePath(config, config.stateDir);
  return file.empty() ? folder : folder + "/" + file;
}

std::string adminSocketPath(const GatewayConfig& config) {
  return config.adminSocket.empty() ? statePath(config, "admin.sock") : resolvePath(config, config.adminSocket);
}

GatewayConfig withAbsolutePaths(GatewayConfig config) {
  config.sourceFile = std::filesystem::absolute(config.sourceFile).lexically_normal().string();
  config.adminSocket = adminSocketPath(config);
  config.webDir = resolvePath(config, config.webDir);
  for (std::string& dir : config.pluginDirs) dir = resolvePath(config, dir);
  const auto resolve = [&](Tls& tls) {
    for (std::string* file : {&tls.certificateFile, &tls.keyFile, &tls.clientCaFile})
      *file = resolvePath(config, *file);
  };
  for (std::string* file : {&config.postgres.passwordFile, &config.postgres.caFile}) *file = resolvePath(config, *file);
  for (HttpListener& listener : config.http) resolve(listener.tls);
  for (Account& account : config.accounts) resolve(account.tls);
  config.stateDir = resolvePath(config, config.stateDir);
  return config;
}

}  // namespace gw::config
