#include "gateway.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <latch>
#include <stdexcept>

#include "base/crypto.h"
#include "base/log.h"
#include "gateway_parts.h"
#include "gateway_places.h"
#include "gateway_refuse.h"
#include "gateway_specs.h"
#include "net/http_front.h"
#include "plugin/callback_guard.h"
#include "plugin/host_api.h"
#include "session/caller.h"
#include "session/journal_recovery.h"
#include "session/loop_journal.h"

namespace gw {
namespace {

constexpr rlim_t kWantedFiles = 65'536;

/// Raises the soft limit of open files and says what it got.
void raiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, std::max(limit.rlim_cur, kWantedFiles));
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) getrlimit(RLIMIT_NOFILE, &limit);
  log::info("gateway", "open file limit", {{"files", static_cast<uint64_t>(limit.rlim_cur)}});
}

}  // namespace

Gateway::Parts::Parts(const config::GatewayConfig& config)
    : admission(admissionLimits(config.limits)), services(clock, admission, sessionLimits(config.limits), "0.1.0") {}

Gateway::Gateway(config::GatewayConfig config, GatewayOptions options)
    : config_(std::move(config)), options_(std::move(options)), parts_(std::make_unique<Parts>(config_)) {
  // Relative paths start at the configuration's folder: it does not matter where the program is started.
  config_.sourceFile = std::filesystem::absolute(config_.sourceFile).lexically_normal().string();
  config_.adminSocket = config::adminSocketPath(config_);
  for (std::string& dir : config_.pluginDirs) dir = config::resolvePath(config_, dir);
  if (!config_.webDir.empty()) config_.webDir = config::resolvePath(config_, config_.webDir);
  const auto resolveTls = [&](config::Tls& tls) {
    for (std::string* file : {&tls.certificateFile, &tls.keyFile, &tls.clientCaFile})
      if (!file->empty()) *file = config::resolvePath(config_, *file);
  };
  for (std::string* file : {&config_.postgres.passwordFile, &config_.postgres.caFile})
    *file = config::resolvePath(config_, *file);
  for (config::HttpListener& listener : config_.http) resolveTls(listener.tls);
  for (config::Account& account : config_.accounts) resolveTls(account.tls);
  config_.stateDir = config::resolvePath(config_, config_.stateDir);
}

Gateway::~Gateway() {
  // A start that failed half-way has threads that use the parts; after stop() this does nothing.
  for (auto& loop : parts_->loops) loop->stop();
  for (auto& loop : parts_->loops) loop->join();
  if (parts_->store) parts_->store->stop();
}

config::GatewayConfig Gateway::configuration() const {
  std::lock_guard lock(configMutex_);
  return config_;
}

std::string Gateway::path(const std::string& relativeToState) const {
  return config::statePath(config_, relativeToState);
}

void Gateway::start() {
  parts_->startedAtUs = parts_->clock.wallUs();
  raiseFileLimit();
  openState();
  const std::vector<SessionId> present = startStore();
  startLoops();
  startBackend();
  restoreSessions(present);
  startLink();
  startChannels();
  startHealth();
  startAdmin();
  parts_->channels->control().drain();
  log::info("gateway", "ready",
            {{"accounts", static_cast<uint64_t>(config_.accounts.size())},
             {"loops", static_cast<uint64_t>(parts_->loops.size())}});
}

void Gateway::startLoops() {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int count = config_.loops > 0 ? config_.loops : std::max(1, cores - 1);
  Parts& parts = *parts_;
  for (int i = 0; i < count; ++i) parts.loops.push_back(std::make_unique<net::EventLoop>(i));
  parts.streams =
      std::make_unique<plugin::StreamHosts>(parts.loopPointers(), connectionLimits(config_.limits), parts.clock);
  std::vector<broadcast::Broadcaster*> broadcasters;
  for (auto& loop : parts.loops) {
    parts.broadcasters.push_back(std::make_unique<broadcast::Broadcaster>(parts.bus, *loop));
    broadcasters.push_back(parts.broadcasters.back().get());
  }
  parts.bus.connect(broadcasters);
  for (size_t i = 0; i < parts.loops.size(); ++i) {
    parts.managers.push_back(
        std::make_unique<session::SessionManager>(parts.services, parts.streams->at(i), *parts.broadcasters[i]));
    parts.services.managers.push_back(parts.managers.back().get());
    parts.streams->at(i).setPort(*parts.managers.back());
  }
  if (parts.journal) {
    std::vector<session::Journal::Loop*> writers;
    for (const auto& manager : parts.managers) writers.push_back(manager->journal());
    parts.journal->connect(std::move(writers));
  }
  for (auto& loop : parts.loops) loop->start();
  for (auto& manager : parts.managers) manager->loop().post([&manager = *manager] { manager.start(); });
}

void Gateway::startBackend() {
  Parts& parts = *parts_;
  if (config_.backend.mode == "link") return prepareLink(), startOperatorTokens();
  parts.hashPool = std::make_unique<HashPool>(config_.hashThreads);
  parts.hasher = std::make_unique<lobby::PoolPasswordHasher>(*parts.hashPool);
  parts.lobby =
      std::make_unique<lobby::Lobby>(lobbyOptions(config_.lobby), parts.sink, *parts.store, *parts.hasher, parts.clock);
  parts.services.backend = parts.lobby.get();
  startOperatorTokens();
}

// Operators and nodes on gateway.v1 show an admin token; it is looked up on a thread of its own.
void Gateway::startOperatorTokens() {
  Parts& parts = *parts_;
  parts.adminPort = std::make_unique<GatewayAdmin>(*this);
  parts.operatorTokens = std::make_unique<admin::TokenGate>(*parts.adminPort, parts.clock);
  parts.tokenThread.start();
  parts.services.verifyToken = [&parts](std::string token, std::string address,
                                        UniqueFunction<void(std::string)> done) {
    auto answer = std::make_shared<UniqueFunction<void(std::string)>>(std::move(done));
    const bool queued =
        parts.tokenThread.post([&parts, token = std::move(token), address = std::move(address), answer] {
          const auto holder = parts.operatorTokens->check("Bearer " + token, address);
          (*answer)(holder ? admin::toString(holder->role) : std::string());
        });
    if (!queued) (*answer)({});
  };
}

void Gateway::startChannels() {
  Parts& parts = *parts_;
  parts.control.start();
  plugin::setCallbackPolicy({50'000'000, 60'000'000'000, !options_.isDev});
  plugin::CatalogOptions catalog;
  catalog.dirs =
      config_.pluginDirs.empty() ? std::vector<std::string>{pluginsBeside(options_.programDir)} : config_.pluginDirs;
  catalog.copiesDir = path("generations");
  parts.catalog = std::make_unique<plugin::PluginCatalog>(catalog, plugin::hostTable());

  channel::ManagerOptions options;
  options.accounts = accountSpecs(config_);
  options.http = httpSpecs();
  options.settings.socket.sendBufferBytes = config_.limits.sendBufferBytes;
  options.settings.connection = connectionLimits(config_.limits);
  options.settings.http.headerMs = static_cast<uint32_t>(config_.limits.handshakeMs);
  options.settings.admission.maxConnections = config_.limits.connections;
  options.settings.admission.hooks.admit = [&parts](const net::PeerAddress& peer, net::Arrival arrival) {
    const char* refusal = parts.admission.admit(peer, parts.clock.nowNs(), arrival);
    if (refusal) log::debug("http", "connection refused", {{"peer", peer.toString()}, {"why", refusal}});
    return refusal;
  };
  options.settings.admission.hooks.left = [&parts](const net::PeerAddress& peer, net::Arrival arrival) {
    parts.admission.released(peer, false, arrival);
  };
  options.onChange = [&parts] {
    if (auto* health = parts.healthToPoke.load()) health->poke();
  };
  parts.channels =
      std::make_unique<channel::ChannelManager>(options, parts.control, *parts.catalog, *parts.streams, parts.clock);
  parts.reloader = std::make_unique<channel::PluginReloader>(channel::PluginReloader::Parts{
      *parts.channels, *parts.catalog, *parts.streams, parts.control, parts.clock, "/proc/self/exe", options.onChange});
  parts.reloader->start();
  Result<void> bound;
  const bool ran = parts.control.run([&] {
    bound = parts.catalog->prepare();
    if (bound) bound = parts.channels->bindAll();
    if (!bound) return;
    parts.channels->startAll();
    parts.channels->startAccepting(parts.loopPointers());
  });
  if (!ran || !bound) refuse(bound ? "the control thread did not run" : bound.error().message);
}

std::vector<channel::HttpListenerSpec> Gateway::httpSpecs() {
  std::vector<channel::HttpListenerSpec> out;
  const std::string webDir = config_.webDir.empty() ? webBeside(options_.programDir) : config_.webDir;
  for (const config::HttpListener& listener : config_.http) {
    channel::HttpListenerSpec spec;
    spec.name = listener.name;
    spec.listen = listenAddress(listener.listen);
    if (listener.tls.enabled)
      spec.tls = net::TlsFiles{listener.tls.certificateFile, listener.tls.keyFile, listener.tls.clientCaFile};
    spec.proxy = {listener.proxyProtocol, AddressBlocks(listener.trustedProxies)};
    if (listener.forwardedHeader == "forwarded") spec.forwardedHeader = net::ForwardedHeader::kForwarded;
    spec.trustedProxiesKey = "/http/" + std::to_string(out.size()) + "/trustedProxies";
    spec.rules = httpRules(listener);
    spec.extraRoutes = probeRoutes();
    if (listener.playClient) {
      std::string problem;
      for (auto& route : net::staticFileRoutes(webDir, problem)) spec.extraRoutes.push_back(std::move(route));
      if (!problem.empty()) log::warn("gateway", "the play client is not served", {{"why", problem}});
    }
    out.push_back(std::move(spec));
  }
  return out;
}

// For supervisors and load balancers; neither says more than yes or no to a stranger.
std::vector<net::HttpRoute> Gateway::probeRoutes() {
  Parts& parts = *parts_;
  const auto answer = [](net::HttpExchange& exchange, bool isGood, const std::string& why) {
    exchange.reply(isGood ? 200 : 503, {{"content-type", "application/json"}, {"cache-control", "no-store"}},
                   isGood ? "{\"ok\":true}" : "{\"ok\":false,\"reason\":" + session::jsonString(why) + "}");
  };
  net::HttpRoute live{
      "GET", "/healthz", 0, false, false, [&parts, answer](std::shared_ptr<net::HttpExchange> exchange) {
        std::vector<net::LoopFigures> figures;
        for (const auto& loop : parts.loops) figures.push_back(loop->figures());
        answer(*exchange, health::doLoopsTurn(figures, parts.clock.nowNs()), "an event loop does not turn");
      }};
  net::HttpRoute ready{
      "GET", "/readyz", 0, false, false, [&parts, answer](std::shared_ptr<net::HttpExchange> exchange) {
        const std::string why = parts.services.stopping
                                    ? std::string("stopping")
                                    : health::whyNotReady(parts.store->figures(), parts.store->isCongested(),
                                                          parts.channels->isAnyAccepting());
        answer(*exchange, why.empty(), why);
      }};
  return {live, ready};
}

void Gateway::startHealth() {
  Parts& parts = *parts_;
  health::WatchdogOptions watchdog;
  watchdog.mayAbort = !options_.isDev;
  parts.watchdog = std::make_unique<health::Watchdog>(watchdog);
  parts.watchdog->start();
  parts.health = std::make_unique<health::HealthMonitor>(
      std::chrono::milliseconds(config_.healthIntervalMs),
      [this, &parts] {
        // What plugins say of themselves is asked on the control thread; this check sees the last answers.
        if (!parts.control.post([&parts] { parts.channels->refreshHealth(); }))
          log::debug("health", "the control thread is busy");
        return healthInputs();
      },
      [&parts](const health::HealthReport& now, const health::HealthReport*) {
        log::info("health", health::toString(now.level), {{"problems", static_cast<uint64_t>(now.problems.size())}});
        parts.bus.publishHealth(healthJson(now));
      },
      parts.clock);
  parts.health->start();
  parts.healthToPoke = parts.health.get();
}

health::HealthInputs Gateway::healthInputs() const {
  const Parts& parts = *parts_;
  health::HealthInputs inputs;
  inputs.accounts = parts.channels->snapshots();
  inputs.store = parts.store->figures();
  inputs.storeIsCongested = parts.store->isCongested();
  inputs.isStalled = parts.services.counters.loopsStalled > 0;
  inputs.isRelaxed = parts.services.counters.loopsRelaxed > 0;
  inputs.backendIsUp = parts.services.backend->isUp();
  inputs.backendName = parts.services.backendName;
  if (parts.remote) describeLink(parts.remote->figures(), inputs);
  for (const auto& loop : parts.loops) inputs.loops.push_back(loop->figures());
  for (const auto& manager : parts.managers) {
    inputs.connections += manager->figures().streams;
    inputs.memoryBytes += manager->figures().logBytes + manager->figures().queuedBytes;
  }
  inputs.memoryLimitBytes = memoryLimit(configuration().limits);  // a reload may replace them just now
  inputs.residentBytes = health::residentBytes();
  return inputs;
}

void Gateway::startAdmin() {
  Parts& parts = *parts_;
  admin::AdminOptions options;
  options.socketPath = config_.adminSocket;
  options.tightenFolder = config_.adminSocket == path("admin.sock");
  options.tcpEnabled = config_.adminTcpEnabled;
  options.tcpPort = config_.adminTcp.port;
  auto started = admin::AdminServer::start(options, *parts.adminPort);
  if (!started) refuse(started.error().message);
  parts.admin = std::move(*started);
}

std::string Gateway::readyLine() const {
  std::string out = "{\"ready\":true,\"pid\":" + std::to_string(::getpid()) + ",\"accounts\":{";
  bool first = true;
  for (const auto& account : parts_->channels->snapshots()) {
    out += (first ? "" : ",") + session::jsonString(account.id()) + ":[";
    first = false;
    for (size_t i = 0; i < account.addresses.size(); ++i)
      out += (i ? "," : "") + session::jsonString(account.addresses[i]);
    out += "]";
  }
  out += "},\"http\":[";
  first = true;
  for (const auto& listener : parts_->channels->httpListeners())
    for (const std::string& origin : listener->origins()) {
      out += (first ? "" : ",") + session::jsonString(origin);
      first = false;
    }
  const std::string socket = config_.adminSocket;
  out += "]";
  if (parts_->linkServer) out += ",\"link\":" + linkAddressesJson();
  return out + ",\"adminSocket\":" + session::jsonString(socket) +
         ",\"adminTcpPort\":" + std::to_string(parts_->admin->tcpPort()) + "}";
}

}  // namespace gw
