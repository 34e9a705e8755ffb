#include "config/validate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "base/address_block.h"

namespace gw::config {
namespace {

/// Where a problem is: the source and a JSON path.
class Place {
 public:
  Place(const std::string& source, std::string path) : source_(source), path_(std::move(path)) {}
  Place at(const std::string& key) const { return {source_, path_ + "/" + key}; }
  [[noreturn]] void fail(const std::string& message) const {
    throw ConfigError(source_ + ": " + path_ + ": " + message);
  }
  void require(bool holds, const std::string& message) const {
    if (!holds) fail(message);
  }

 private:
  const std::string& source_;
  std::string path_;
};

bool isIpv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool isIpv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

void validateBlocks(const std::vector<std::string>& blocks, const Place& place) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    place.at(std::to_string(i))
        .require(AddressBlock::parse(blocks[i]).has_value(),
                 "expected an address or a prefix such as \"192.0.2.0/24\", got \"" + blocks[i] + "\"");
  }
}

/// Letters, digits and dashes: ids appear in URLs, metrics and on command lines.
bool isId(const std::string& text) {
  static const std::regex pattern("[a-z][a-z0-9-]{0,31}");
  return std::regex_match(text, pattern);
}

/// "https://play.example.org:8443": scheme, host and port, nothing behind.
bool isOrigin(const std::string& text) {
  static const std::regex pattern(R"(https?://([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?)");
  return std::regex_match(text, pattern);
}

bool isHost(const std::string& text) {
  static const std::regex pattern(R"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])");
  return std::regex_match(text, pattern);
}

void validateBind(const Bind& bind, const Place& place) {
  const bool isWord = bind.bind == "loopback" || bind.bind == "lan";
  place.at("bind").require(isWord || isIpv4(bind.bind) || isIpv6(bind.bind),
                           "expected \"loopback\", \"lan\" or an IP address, got \"" + bind.bind + "\"");
}

void validateTls(const Tls& tls, const Place& place) {
  if (!tls.enabled) return;
  place.at("certificateFile").require(!tls.certificateFile.empty(), "expected the path of a PEM certificate chain");
  place.at("keyFile").require(!tls.keyFile.empty(), "expected the path of the certificate's PEM key");
}

/// Beyond loopback everyone on the way reads passwords along, unless TLS is on.
void validateExposure(const Bind& bind, const Tls& tls, bool insecure, const Place& place) {
  if (isLoopback(bind.bind) || tls.enabled || insecure) return;
  place.at("listen/bind")
      .fail("\"" + bind.bind +
            "\" reaches beyond this machine without TLS: passwords could be read on the way; give "
            "\"tls\" a certificate, or accept that with \"insecureBeyondLoopback\": true");
}

void validateProxies(bool proxyProtocol, const std::vector<std::string>& trusted, const Place& place) {
  validateBlocks(trusted, place.at("trustedProxies"));
  place.at("trustedProxies")
      .require(!proxyProtocol || !trusted.empty(),
               "\"proxyProtocol\" needs the addresses of the proxies that may connect, such as [\"10.0.0.0/8\"]");
}

class Checker {
 public:
  Checker(const GatewayConfig& config, std::string source) : config_(config), source_(std::move(source)) {}

  void checkAll(bool registrationIsSet) {
    checkScalars();
    checkLimits();
    for (size_t i = 0; i < config_.http.size(); ++i) checkHttp(config_.http[i], place("/http/" + std::to_string(i)));
    for (size_t i = 0; i < config_.accounts.size(); ++i) {
      checkAccount(config_.accounts[i], place("/accounts/" + std::to_string(i)));
    }
    checkLobby(registrationIsSet);
    checkBackend();
  }

 private:
  Place place(const std::string& path) const { return {source_, path}; }

  void checkScalars() const {
    place("/stateDir").require(!config_.stateDir.empty(), "expected the path of a folder");
    static const std::regex gatewayId("[A-Za-z0-9_.-]{0,64}");
    place("/gatewayId")
        .require(std::regex_match(config_.gatewayId, gatewayId), "expected at most 64 of A-Z a-z 0-9 _ . -");
    place("/store/file").require(!config_.storeFile.empty(), "expected the database's file name");
    checkPostgres(config_.postgres, place("/store/postgres"));
    validateBind(config_.adminTcp, place("/admin/tcp"));
    place("/admin/tcp/bind")
        .require(isLoopback(config_.adminTcp.bind),
                 "the admin API never listens beyond loopback; reach it from elsewhere with ssh -L");
  }

  void checkPostgres(const Postgres& postgres, const Place& at) const {
    // libpq's connection string, as the driver takes it apart, cannot hold a space.
    const std::pair<const char*, const std::string*> words[] = {{"host", &postgres.host},
                                                                {"database", &postgres.database},
                                                                {"user", &postgres.user},
                                                                {"caFile", &postgres.caFile}};
    for (const auto& [key, word] : words) {
      at.at(key).require(word->find(' ') == std::string::npos, "must not contain a space");
      at.at(key).require(!word->empty() || word == &postgres.caFile, "must not be empty");
    }
    const bool isHere = isLoopback(postgres.host) || postgres.host == "localhost" || postgres.host.starts_with("/");
    const bool isSecret = postgres.sslMode != "disable" && postgres.sslMode != "prefer";
    at.at("sslMode").require(isHere || isSecret,
                             "\"" + postgres.host +
                                 "\" is beyond this machine: expected \"require\", \"verify-ca\" or \"verify-full\", "
                                 "or sessions could be read on the way");
  }

  void checkLimits() const {
    const Limits& limits = config_.limits;
    place("/limits/softQueue").require(limits.softBytes < limits.hardBytes, "must be less than limits/hardQueue");
    place("/limits/preAuthMessageSize")
        .require(limits.preAuthBytes <= limits.maxPayloadBytes, "must not be more than limits/messageSize");
    place("/limits/idleWarning")
        .require(limits.idleMs == 0 || limits.idleWarnMs < limits.idleMs, "must be less than limits/idleTimeout");
    place("/limits/sessionLifetime")
        .require(limits.lifetimeMs == 0 || limits.idleWarnMs < limits.lifetimeMs,
                 "must be more than limits/idleWarning");
    place("/limits/sessionInMemory")
        .require(limits.sessionInMemoryMs <= limits.resumeWindowMs, "must not be more than limits/resumeWindow");
    validateBlocks(limits.exemptAddresses, place("/limits/exemptAddresses"));
  }

  void checkHttp(const HttpListener& listener, const Place& at) {
    at.at("name").require(isId(listener.name), "expected a name such as \"main\" (a-z, 0-9, -)");
    at.at("name").require(listeners_.emplace(listener.name, &listener).second,
                          "two HTTP listeners are named \"" + listener.name + "\"");
    checkSocket(listener.listen, listener.tls, listener.insecureBeyondLoopback, at);
    validateProxies(listener.proxyProtocol, listener.trustedProxies, at);
    at.at("allowedHosts").require(!listener.allowedHosts.empty(), "expected at least one host name");
    for (size_t i = 0; i < listener.allowedHosts.size(); ++i) {
      at.at("allowedHosts/" + std::to_string(i))
          .require(isHost(listener.allowedHosts[i]), "expected a host name or address without a port, IPv6 in []");
    }
    for (size_t i = 0; i < listener.allowedOrigins.size(); ++i) {
      at.at("allowedOrigins/" + std::to_string(i))
          .require(isOrigin(listener.allowedOrigins[i]), "expected an origin such as \"https://play.example.org\"");
    }
  }

  void checkSocket(const Bind& listen, const Tls& tls, bool insecure, const Place& at) {
    validateBind(listen, at.at("listen"));
    validateTls(tls, at.at("tls"));
    validateExposure(listen, tls, insecure, at);
    if (!isLoopback(listen.bind)) isExposed_ = true;
    if (listen.port == 0) return;
    at.at("listen/port")
        .require(sockets_.insert({listen.bind, listen.port}).second,
                 "port " + std::to_string(listen.port) + " is used twice");
  }

  void checkAccount(const Account& account, const Place& at) {
    at.at("channel").require(isId(account.channel), "expected a channel such as \"telnet\" (a-z, 0-9, -)");
    at.at("account").require(isId(account.account), "expected a name such as \"default\" (a-z, 0-9, -)");
    at.at("account").require(ids_.insert(account.id()).second, "the account \"" + account.id() + "\" appears twice");
    at.require(account.hasListen != !account.http.empty(),
               "expected either \"listen\" (a socket of its own) or \"http\" (the name of an HTTP listener)");
    const Bind* bind = &account.listen;
    const Tls* tls = &account.tls;
    if (account.hasListen) {
      checkSocket(account.listen, account.tls, account.insecureBeyondLoopback, at);
      validateProxies(account.proxyProtocol, account.trustedProxies, at);
      at.at("trustedProxies")
          .require(account.proxyProtocol || account.trustedProxies.empty(),
                   "has no effect without \"proxyProtocol\": true");
    } else {
      const auto it = listeners_.find(account.http);
      at.at("http").require(it != listeners_.end(), "there is no HTTP listener named \"" + account.http + "\"");
      at.at("tls").require(!account.tls.enabled, "TLS belongs to the HTTP listener \"" + account.http + "\"");
      at.at(account.proxyProtocol ? "proxyProtocol" : "trustedProxies")
          .require(!account.proxyProtocol && account.trustedProxies.empty(),
                   "belongs to the HTTP listener \"" + account.http + "\"");
      bind = &it->second->listen;
      tls = &it->second->tls;
    }
    checkRoles(account, isLoopback(bind->bind) || tls->enabled, at);
  }

  void checkRoles(const Account& account, bool isPrivate, const Place& at) const {
    at.at("roles").require(!account.roles.empty(), "expected at least one of \"player\", \"operator\", \"node\"");
    for (size_t i = 0; i < account.roles.size(); ++i) {
      const std::string& role = account.roles[i];
      const Place here = at.at("roles/" + std::to_string(i));
      here.require(role == "player" || role == "operator" || role == "node",
                   "expected \"player\", \"operator\" or \"node\", got \"" + role + "\"");
      here.require(role == "player" || isPrivate, "the role \"" + role + "\" beyond loopback needs TLS");
    }
  }

  void checkLobby(bool registrationIsSet) const {
    place("/lobby/rooms").require(!config_.lobby.rooms.empty(), "expected at least one room");
    static const std::regex room("[A-Za-z0-9_-]{1,32}");
    for (size_t i = 0; i < config_.lobby.rooms.size(); ++i) {
      place("/lobby/rooms/" + std::to_string(i))
          .require(std::regex_match(config_.lobby.rooms[i], room), "expected 1..32 of A-Z a-z 0-9 _ -");
    }
    place("/lobby/registration")
        .require(!isExposed_ || registrationIsSet,
                 "a listener reaches beyond loopback: say true or false here, whether anyone may register");
  }

  void checkBackend() const {
    const Backend& backend = config_.backend;
    static const std::regex name("[A-Za-z0-9_.-]{1,64}");
    place("/backend/name").require(std::regex_match(backend.name, name), "expected 1..64 of A-Z a-z 0-9 _ . -");
    validateBind(backend.listen, place("/backend/listen"));
    place("/backend/listen/bind")
        .require(isLoopback(backend.listen.bind),
                 "the backend link never listens beyond loopback; bring a backend from elsewhere with ssh -L");
    place("/backend/listen")
        .require(backend.mode != "link" || backend.tcp || !backend.socket.empty(),
                 "expected \"enabled\": true, or a \"socket\": a backend could not come in");
  }

  const GatewayConfig& config_;
  const std::string source_;
  std::map<std::string, const HttpListener*> listeners_;
  std::set<std::pair<std::string, uint16_t>> sockets_;
  std::set<std::string> ids_;
  bool isExposed_ = false;
};

}  // namespace

bool isLoopback(const std::string& bind) {
  return bind == "loopback" || bind == "::1" || (isIpv4(bind) && bind.starts_with("127."));
}

void validate(const GatewayConfig& config, bool registrationIsSet, const std::string& source) {
  Checker(config, source).checkAll(registrationIsSet);
}

}  // namespace gw::config
