#pragma once
// The gateway's configuration as typed values. Read by main and gateway alone; parts get the few
// values they need. Defaults here are the product's defaults (docs/operators/configuration.md).

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace gw::config {

/// What is wrong and where: "config/gateway.json: /accounts/0/listen/port: expected 0..65535, got \"x\"".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Bind {
  /// "loopback" (127.0.0.1 and ::1), "lan" (0.0.0.0 and ::), or an address.
  std::string bind = "loopback";
  uint16_t port = 0;
};

struct Tls {
  bool enabled = false;
  std::string certificateFile;
  std::string keyFile;
  std::string clientCaFile;
};

struct HttpListener {
  std::string name = "main";
  Bind listen{"loopback", 18789};
  Tls tls;
  bool proxyProtocol = false;                      // each connection begins with a PROXY header
  std::vector<std::string> trustedProxies;         // CIDR; who may say for whom it connects
  std::string forwardedHeader{"x-forwarded-for"};  // or "forwarded": what these proxies write
  std::vector<std::string> allowedHosts{"localhost", "127.0.0.1", "[::1]"};
  std::vector<std::string> allowedOrigins;
  bool playClient = true;  // serve the play client at /
  bool insecureBeyondLoopback = false;
};

struct Account {
  std::string channel;  // "telnet"
  std::string account = "default";
  bool enabled = true;
  bool hasListen = false;  // a socket of its own (telnet) ...
  Bind listen;
  Tls tls;
  bool proxyProtocol = false;
  std::vector<std::string> trustedProxies;
  bool insecureBeyondLoopback = false;
  std::string http;  // ... or routes on this HTTP listener (websocket, sse)
  std::vector<std::string> roles{"player"};
  double commandRate = 0;  // a connection's, a second; 0: as in limits
  uint32_t commandBurst = 0;
  std::string optionsJson = "{}";  // the plugin's own; validated by the plugin
  std::string id() const { return channel + ":" + account; }
};

struct Limits {
  uint32_t connections = 10'000;
  uint32_t sessions = 20'000;
  uint32_t sessionsPerUser = 1;
  uint32_t connectionsPerUserAndChannel = 4;
  uint32_t disconnectedPerUser = 3;
  uint32_t unauthenticatedPerAddress = 32;
  uint32_t connectionsPerAddress = 256;
  double connectionRatePerAddress = 20;  // a second
  uint32_t connectionBurstPerAddress = 100;
  double commandRate = 20;  // a second, per connection
  uint32_t commandBurst = 40;
  double commandRatePerUser = 40;  // over all connections and sessions of a user
  uint32_t commandBurstPerUser = 80;
  double unitRate = 200;  // inbound protocol units a second, per connection
  uint32_t unitBurst = 400;
  uint64_t handshakeMs = 10'000;
  uint64_t loginMs = 60'000;
  uint64_t idleMs = 600'000;  // 0: off
  uint64_t idleWarnMs = 60'000;
  uint64_t lifetimeMs = 0;  // 0: off
  uint64_t resumeWindowMs = 3'600'000;
  uint64_t sessionInMemoryMs = 60'000;  // a Disconnected session leaves memory after this
  uint32_t eventLogEvents = 1000;
  uint64_t eventLogBytes = 1 << 20;
  uint32_t preAuthBytes = 64 * 1024;  // one message before login
  uint32_t maxPayloadBytes = 1 << 20;
  uint64_t softBytes = 1 << 20;
  uint64_t hardBytes = 4 << 20;
  uint64_t stallMs = 30'000;
  uint64_t memoryBytes = 0;  // 0: min(1 GiB, half of the machine's or cgroup's)
  int sendBufferBytes = 256 * 1024;
  std::vector<std::string> exemptAddresses;  // CIDR; not counted per address
  std::vector<std::string> exemptUsers;      // names or ids
};

struct Lobby {
  bool registration = true;
  bool guests = false;
  std::string welcome;  // text shown before login; empty: the built-in one
  std::vector<std::string> rooms{"lobby"};
  std::vector<std::string> reservedNames;
  uint32_t registrationsPerHour = 3;  // from one address
  uint32_t guestsPerHour = 60;        // from one address
};

/// Who answers players' commands.
struct Backend {
  std::string mode = "lobby";  // "lobby" | "link"
  std::string name = "world";  // link: of the program that this gateway waits for
  std::string socket;          // link: a Unix socket, relative to stateDir; empty: none
  bool tcp = true;             // link: also a port on the loopback
  Bind listen{"loopback", 18780};
  uint64_t heartbeatMs = 30'000;
  uint64_t callMs = 30'000;
  uint32_t queue = 1'000;  // frames that wait for one connection before commands stay with their sessions
};

struct Postgres {
  std::string host = "127.0.0.1";  // a name, an address, or the folder of a Unix socket
  uint16_t port = 5432;
  std::string database = "gatehouse";
  std::string user = "gatehouse";
  std::string passwordFile;        // empty: ~/.pgpass, peer or trust
  std::string sslMode = "prefer";  // as libpq's sslmode
  std::string caFile;
  uint64_t connectMs = 5'000;
  uint64_t statementMs = 5'000;
};

struct LogSettings {
  std::string level = "info";
  bool json = false;
  std::string file;
};

struct GatewayConfig {
  std::string sourceFile;
  std::string stateDir = "state";        // relative to the config file's folder
  std::string gatewayId;                 // empty: made once and kept in the store
  int loops = 0;                         // 0: max(1, cores - 1)
  std::string storeDriver = "sqlite";    // "sqlite" | "postgres"
  std::string storeFile = "gateway.db";  // sqlite, relative to stateDir
  Postgres postgres;
  std::string durability = "relaxed";  // "relaxed" | "strict"
  std::string onOutage = "stall";      // strict: "stall" | "relax"
  uint64_t relaxAfterMs = 5'000;       // "relax": so long after the store stopped answering
  int storeWorkers = 1;
  std::vector<std::string> pluginDirs;  // relative to the config file; empty: beside the program
  std::string webDir;                   // empty: beside the program
  std::vector<HttpListener> http;
  std::vector<Account> accounts;
  Limits limits;
  Lobby lobby;
  Backend backend;
  std::string adminSocket;  // empty: stateDir/admin.sock
  bool adminTcpEnabled = false;
  Bind adminTcp{"loopback", 18781};
  LogSettings log;
  uint64_t shutdownGraceMs = 10'000;
  uint64_t storeFlushMs = 60'000;
  uint64_t healthIntervalMs = 30'000;
  int hashThreads = 2;
};

/// Reads and validates the whole file. Throws ConfigError on the first problem: unknown key, wrong
/// type, range, inline secret, a file that others can write, a bind beyond loopback without TLS.
GatewayConfig load(const std::string& file);
/// The same from text (tests, `gwctl config validate` through the admin API).
GatewayConfig parse(const std::string& json, const std::string& sourceName);
/// The configuration in force as JSON, secrets' file names included, never their content.
std::string toJson(const GatewayConfig& config);

/// A path of the file, relative to the file's folder unless it is absolute.
std::string resolvePath(const GatewayConfig& config, const std::string& path);
/// A file inside stateDir; "" is stateDir itself.
std::string statePath(const GatewayConfig& config, const std::string& file);
/// Where the admin socket is: adminSocket, or admin.sock inside stateDir.
std::string adminSocketPath(const GatewayConfig& config);

/// The same configuration with every path absolute, the source file's included: it no longer matters where the
/// program runs. Idempotent.
GatewayConfig withAbsolutePaths(GatewayConfig config);

/// "loopback", 127.0.0.0/8 or ::1.
bool isLoopback(const std::string& bind);

/// Which JSON paths differ in effect (paths of files are compared as absolute ones), and whether each can be applied
/// live.
struct ReloadPlan {
  std::vector<std::string> live;
  std::vector<std::string> needRestart;
};
ReloadPlan planReload(const GatewayConfig& current, const GatewayConfig& next);

}  // namespace gw::config
