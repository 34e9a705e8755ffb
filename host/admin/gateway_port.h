#pragma once
// GatewayPort: everything that the admin API may ask of the running gateway. The gateway implements
// it; tests use a FakeGatewayPort. Plain structs only: no JSON, no HTTP.
//
// Thread: any admin thread, several at once; never an event loop. Calls that need loops or the store
// post to them and wait at most kLongestWait; loops that did not answer in time are named in
// Listing::partial, and the posted closure owns its result, so a late answer goes nowhere. Calls marked
// [figures] read what loops publish each second and never wait.
// Units: …At are microseconds UTC, 0 = never; …Ms and …Bytes say so. Ids are opaque text without '/'.
// Fails: kNotFound, kConflict, kInvalid, kTimeout (no loop or store answered), kUnavailable (stopping).

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "backend/link/options.h"
#include "backend/link/simulator.h"
#include "backend/link/tokens.h"
#include "backend/link/trace.h"
#include "base/result.h"
#include "store/records.h"

namespace gw::admin {

inline constexpr std::chrono::milliseconds kLongestWait{2000};

/// A list gathered from the loops, and the loops whose part is missing.
template <typename T>
struct Listing {
  std::vector<T> items;
  std::vector<int> partial;  // loops that did not answer within kLongestWait
  bool truncated = false;    // the caller's limit cut the list
};

enum class HealthLevel { kHealthy, kDegraded, kUnhealthy };

/// One thing that is wrong, with what an operator should type next.
struct Problem {
  HealthLevel level = HealthLevel::kDegraded;
  std::string summary;  // "channel telnet:default is in error: port 4000 is in use"
  int64_t sinceAt = 0;
  std::string nextCommand;  // "gwctl channel show telnet:default"
};

/// What a plugin has asked of the threads that may block (docs/operators/plugins.md).
struct WorkFigures {
  uint64_t started = 0, answered = 0, overdue = 0, failed = 0, dropped = 0;
  uint64_t refused = 0;
  uint64_t pending = 0, stuck = 0;  // now
};

/// One channel account.
struct ChannelSnapshot {
  std::string channelId;  // "telnet"
  std::string accountId;  // "default"; the account's full id is channelId:accountId
  bool enabled = true;    // as configured
  bool running = false;
  std::string state;   // stopped | starting | running | stopping | error
  std::string health;  // connected | disconnected | error
  int64_t lastStartAt = 0;
  int64_t lastStopAt = 0;
  std::string lastError;  // empty: none since the last start
  int64_t lastErrorAt = 0;
  int64_t lastActivity = 0;
  uint64_t connections = 0;
  uint64_t slowCallbacks = 0;  // calls into its plugin that took too long
  bool quarantined = false;    // it takes no new clients: five of them within a minute
  uint64_t encodeCalls = 0;    // bodies that the plugin encoded since it started; one serves a whole class
  WorkFigures work;
  uint64_t generation = 0;  // of the plugin; 0: not loaded
  std::string plugin;       // the plugin's id
  std::string pluginVersion;
  std::vector<std::string> addresses;  // what clients can reach: "127.0.0.1:4000", "http://127.0.0.1:18789/ws"
};

struct LoopFigures {
  int loop = 0;
  uint64_t connections = 0;
  uint64_t sessions = 0;
  double lagMs = 0;  // the last second's worst turn
  uint64_t inboxBytes = 0;
};

struct HealthSnapshot {
  HealthLevel level = HealthLevel::kHealthy;
  std::vector<Problem> problems;  // worst first; empty when healthy
  int64_t at = 0;
  int64_t levelSinceAt = 0;
  uint64_t uptimeMs = 0;
  uint64_t connections = 0;
  uint64_t memoryBytes = 0;  // counted by the gateway against limits.memory
  uint64_t memoryLimitBytes = 0;
  uint64_t residentBytes = 0;  // of the process
  double loopLagMs = 0;        // the worst loop's
  std::vector<ChannelSnapshot> accounts;
  std::vector<LoopFigures> loops;
  bool storeIsUp = true;
  std::string storeDetail;  // "sqlite, 12 queued" or the error
  bool backendIsUp = true;
  std::string backendDetail;  // "lobby"
};

struct VersionFacts {
  std::string version;  // "0.1.0"
  std::string commit;   // empty: unknown
  std::string buildType;
  std::string compiler;
  uint32_t pluginAbi = 0;
};

struct ShutdownPlan {
  bool pending = false;
  int64_t at = 0;  // when the stop begins
  std::string message;
};

struct StatusSnapshot {
  HealthSnapshot health;
  VersionFacts version;
  std::string gatewayId;
  int64_t startedAt = 0;
  int pid = 0;
  std::string configFile;
  std::string durability;
  uint64_t sessionsPlaying = 0;
  uint64_t sessionsDisconnected = 0;
  uint64_t sessionsOther = 0;  // before Playing
  uint64_t usersOnline = 0;
  std::vector<std::pair<std::string, uint64_t>> refused;  // by limit, since the start
  ShutdownPlan shutdown;
};

/// What a plugin counts for one account.
struct PluginMetric {
  std::string account;
  std::string name;
  std::string help;
  bool isGauge = false;
  int64_t value = 0;
};

/// Who answers commands.
struct BackendSnapshot {
  std::string name;
  bool isLink = false;  // else the built-in lobby, of which the rest says nothing
  link::LinkFigures link;
};

/// What holds a load of a plugin: an account, with its connections that are on it.
struct GenerationHolder {
  std::string account;  // its full id
  uint64_t connections = 0;
  bool isServed = false;  // its new clients come to it
};

/// One load of a plugin that is alive.
struct GenerationSnapshot {
  std::string plugin;
  uint64_t generation = 0;
  std::string version;
  std::string sha256;
  std::string file;
  std::string state;  // serving: new clients come to it | leaving: what still uses it holds it
  int64_t loadedAt = 0;
  uint64_t connections = 0;
  uint64_t work = 0;                      // jobs that wait for a thread or run on one; they hold it too
  std::vector<GenerationHolder> holders;  // none: a call or a reload that is under way
};

/// The state of a connection as it moves to other code (gw.migrate/1): what the loaded code writes and reads.
struct PluginStateVersions {
  std::string id;  // empty: its connections do not move
  uint32_t version = 0, oldestImport = 0, oldestExport = 0;
};

/// Since the start; dry runs do not count.
struct PluginReloadTotals {
  uint64_t committed = 0, partial = 0, refused = 0, rolledBack = 0;  // reloads and rollbacks
  uint64_t moved = 0, stayed = 0, failed = 0;                        // their connections
};

struct PluginSnapshot {
  std::string id;  // "telnet"
  std::string name;
  std::string vendor;
  std::string version;
  std::string license;
  std::string file;
  std::string sha256;       // of the loaded copy; empty: not loaded
  std::string state;        // available | loaded | refused
  std::string reason;       // why refused, or empty
  uint64_t generation = 0;  // 0: not loaded
  int64_t loadedAt = 0;
  uint64_t connections = 0;
  std::vector<std::string> accounts;     // full ids that use it
  std::vector<std::string> quarantined;  // those of them that take no new clients because it was slow
  std::vector<std::string> extensions;   // "gw.stream/1", ...
  PluginStateVersions stateVersions;
  std::vector<GenerationSnapshot> generations;  // that are alive, oldest first
  uint64_t leaked = 0;                          // libraries that stayed in memory
  PluginReloadTotals reloads;
};

/// What a file says of itself, read without loading it.
struct PluginFileFacts {
  std::string file;
  std::string plugin;
  std::string version;
  std::string sdkVersion;
  uint32_t abi = 0;
};

struct PluginReloadRequest {
  std::string plugin;
  std::string file;         // empty: the one it has
  bool toPrevious = false;  // back to the generation before
  uint32_t canary = 0;      // so many new clients first
  uint64_t canaryMs = 30'000;
  uint64_t drainOldestMs = 0;  // 0: refuse at the bound of generations
  bool isDryRun = false;
  uint64_t probeMs = 10'000;  // a probe that takes longer hangs
  uint64_t timeoutMs = 30'000;
};

/// A reload or other work on a plugin's code, under way or done.
struct PluginReload {
  uint64_t id = 0;
  std::string verb;    // reload, rollback, load, drain, unload
  std::string plugin;  // empty: a load has not read it yet
  std::string file;
  uint64_t fromGeneration = 0, toGeneration = 0;
  std::string fromVersion, toVersion;
  /// checking, draining, probing, loading, canary, migrating, rollingBack, settling, unloading, done
  std::string step;
  std::string outcome;  // empty while it runs; committed, partial, refused, rolledBack, checked
  std::string why;
  uint64_t connections = 0;  // found on the old generation
  uint64_t moved = 0, stayed = 0, failed = 0, gone = 0;
  uint64_t cutOff = 0;                                    // by a drain: had not left at the end of the grace
  std::vector<std::pair<std::string, uint64_t>> reasons;  // of those that stayed, failed or did not start
  std::vector<std::string> started;                       // accounts, by a load
  uint64_t pauseP99Us = 0, pauseMaxUs = 0;                // how long a loop was busy with it at a time
  std::string former;                                     // the old generation: unloaded, leaked, kept, serving
  int64_t startedAt = 0;
  uint64_t tookMs = 0;
};

struct ConnectionSnapshot {
  std::string id;
  std::string account;  // "telnet:default"
  std::string protocol;
  std::string sessionId;  // empty: none yet
  std::string userName;
  std::string peer;  // "192.0.2.1:51234"
  bool tls = false;
  int loop = 0;
  int64_t openedAt = 0;
  int64_t lastActivity = 0;
  uint64_t bytesIn = 0;
  uint64_t bytesOut = 0;
  uint64_t queuedBytes = 0;
  uint64_t generation = 0;
  bool isHealthy = true;  // it reads what it is sent
  std::string client;     // program and version, as it says
  std::string device;
  uint64_t cursorEpoch = 0;  // how far its lineage has acknowledged the session's events
  uint64_t cursorSeq = 0;
};

struct SessionSnapshot {
  std::string id;
  std::string state;  // connecting | authenticating | characterSelection | playing | disconnected
  std::string userId;
  std::string userName;
  std::string entityId;
  std::string entityName;
  std::string backend;
  std::string protocol;  // the channel that made it
  std::string clientAddress;
  int loop = -1;  // -1: in the store only
  int64_t createdAt = 0;
  int64_t lastActivity = 0;
  int64_t expiresAt = 0;  // Disconnected: when it can no longer be resumed
  uint64_t epoch = 0;
  uint64_t lastSeq = 0;
  uint64_t logEvents = 0;
  uint64_t logBytes = 0;
  uint64_t connectionCount = 0;
  std::vector<ConnectionSnapshot> connections;  // only from session()
  std::vector<std::string> rooms;               // only from session()
};

struct SessionQuery {
  std::string state;  // empty: any
  std::string user;   // name or id; empty: any
  std::string protocol;
  size_t limit = 1000;
};

struct ConnectionQuery {
  std::string account;  // empty: any
  std::string session;
  size_t limit = 1000;
};

struct UserSnapshot {
  std::string id;
  std::string name;
  int64_t createdAt = 0;
  int64_t lastLoginAt = 0;
  bool locked = false;
  uint64_t sessions = 0;     // live ones
  int64_t mutedUntilAt = 0;  // in the past: not muted; INT64_MAX: for good
};

/// A lifecycle verb in progress. Kept for some minutes after it finished (bounded; oldest go first).
struct Operation {
  std::string id;
  std::string verb;    // "channel.start"
  std::string target;  // "telnet:default"
  std::string state;   // running | done | failed
  std::string error;
  int64_t startedAt = 0;
  int64_t finishedAt = 0;
};

/// The database and what waits for it. No secrets.
struct StoreSnapshot {
  std::string driver;  // "sqlite", "postgres"
  std::string place;   // the file, or user@host:port/database
  int schemaVersion = 0;
  uint64_t bytes = 0;
  uint64_t sessions = 0;
  std::string factsError;  // why the three above are not known; empty: they are
  bool isUp = true;
  int64_t downSinceAt = 0;
  uint64_t queued = 0;  // writes that wait
  uint64_t jobs = 0;    // and those that are done
  uint64_t commits = 0;
  uint64_t retries = 0;
  uint64_t refused = 0;   // over the bound of the queue
  std::string lastError;  // empty: none since the start
};

struct BroadcastOutcome {
  uint64_t stateVersion = 0;
};

struct BroadcastRequest {
  std::string text;
  std::string room;  // empty: everyone
};

struct ReloadOutcome {
  std::vector<std::string> applied;      // JSON paths now in force
  std::vector<std::string> needRestart;  // JSON paths that wait for a restart
};

struct CloseRequest {
  std::string reason;  // shown to the client; may be empty
};

class GatewayPort {
 public:
  virtual ~GatewayPort() = default;

  // The whole [figures]
  virtual StatusSnapshot status() = 0;
  virtual HealthSnapshot health() = 0;
  virtual VersionFacts version() = 0;
  virtual std::vector<PluginMetric> pluginMetrics() = 0;  // of all accounts

  /// Begins a clean stop in inMs (0: at once, after this call has returned); players see the message.
  /// A second call replaces the plan. Fails kConflict once the stop has begun.
  virtual Result<ShutdownPlan> shutdown(uint64_t inMs, const std::string& message) = 0;
  /// Fails kConflict if none is pending or the stop has begun.
  virtual Result<void> cancelShutdown() = 0;

  // Channels [figures]; the verbs return an operation at once and work on the control thread
  virtual std::vector<ChannelSnapshot> channels() = 0;
  virtual Result<ChannelSnapshot> channel(const std::string& id) = 0;
  virtual Result<Operation> startChannel(const std::string& id) = 0;
  virtual Result<Operation> stopChannel(const std::string& id) = 0;
  /// Waits up to waitMs (≤ kLongestWait) for it to finish; returns it as it is then.
  virtual Result<Operation> operation(const std::string& id, uint64_t waitMs) = 0;
  virtual std::vector<Operation> operations() = 0;

  // Plugins [figures]
  virtual std::vector<PluginSnapshot> plugins() = 0;
  virtual Result<PluginSnapshot> plugin(const std::string& id) = 0;
  virtual std::vector<GenerationSnapshot> generations() = 0;
  /// Fails as the file gate does: kForbidden, kInvalid, kNotFound.
  virtual Result<PluginFileFacts> inspectPlugin(const std::string& file) = 0;
  /// Begins it. Fails kNotFound, kConflict while other such work runs.
  virtual Result<PluginReload> reloadPlugin(const PluginReloadRequest& request) = 0;
  /// A file that was not there at the start becomes known, and accounts that wait for it start. Fails kConflict: its
  /// channel is loaded, or other such work runs.
  virtual Result<PluginReload> loadPlugin(const std::string& file) = 0;
  /// Closes the connections that are still on a generation. Fails kNotFound; kConflict: new clients come to it, or
  /// other such work runs.
  virtual Result<PluginReload> drainGeneration(const std::string& plugin, uint64_t generation, uint64_t graceMs) = 0;
  /// Waits, at most so long, until the plugin's code has gone. Fails kNotFound; kConflict: accounts run, it was never
  /// loaded, or other such work runs.
  virtual Result<PluginReload> unloadPlugin(const std::string& plugin, uint64_t limitMs) = 0;
  /// Waits up to waitMs (≤ kLongestWait) for its end; as it is then.
  virtual Result<PluginReload> pluginReload(uint64_t id, uint64_t waitMs) = 0;

  // Sessions: those in memory from the loops, Disconnected ones that left memory from the store
  virtual Result<Listing<SessionSnapshot>> sessions(const SessionQuery& query) = 0;
  virtual Result<SessionSnapshot> session(const std::string& id) = 0;
  /// A line of system text (class must) to one session; also a Disconnected one gets it on resume.
  virtual Result<void> sendToSession(const std::string& id, const std::string& text) = 0;
  /// Closes the session's connections; it stays Disconnected and can be resumed.
  virtual Result<void> disconnectSession(const std::string& id, const CloseRequest& request) = 0;
  /// Ends the session: connections closed with 1008, which tells the client to stay away, and the row
  /// deleted with its reconnect tokens.
  virtual Result<void> closeSession(const std::string& id, const CloseRequest& request) = 0;

  virtual Result<Listing<ConnectionSnapshot>> connections(const ConnectionQuery& query) = 0;
  virtual Result<ConnectionSnapshot> connection(const std::string& id) = 0;
  virtual Result<void> closeConnection(const std::string& id, const CloseRequest& request) = 0;

  // Users and bans (store). nameOrId: a user's name (any case) or id
  virtual Result<Listing<UserSnapshot>> users(size_t limit) = 0;
  /// The password no longer lets the user in; the user's sessions are ended as by closeSession().
  virtual Result<UserSnapshot> lockUser(const std::string& nameOrId, const CloseRequest& request) = 0;
  virtual Result<UserSnapshot> unlockUser(const std::string& nameOrId) = 0;
  /// Until then nobody hears what the user says; 0 ends it, INT64_MAX is for good. Kept over visits, but a
  /// guest's (named like a user, while in) ends with the guest.
  virtual Result<UserSnapshot> muteUser(const std::string& nameOrId, int64_t untilAt) = 0;
  /// The record's id and createdAt are filled in by the gateway; kind is "address" (CIDR) or "user".
  /// Sessions that it covers are ended as by closeSession(). Fails kInvalid for a CIDR that is none.
  virtual Result<store::BanRecord> addBan(const store::BanRecord& ban) = 0;
  virtual Result<std::vector<store::BanRecord>> bans() = 0;
  virtual Result<void> removeBan(const std::string& id) = 0;

  // The backend, and the tokens of backends (store). Fail kNotFound; kConflict if it is not behind the link
  virtual std::vector<BackendSnapshot> backends() = 0;
  /// Ends one connection ("b3"), or all.
  virtual Result<void> disconnectBackend(const std::string& name, const std::string& connection) = 0;
  /// As above, but it may finish: it is told, and gets no new sessions.
  virtual Result<void> drainBackend(const std::string& name, const std::string& connection, uint64_t graceMs) = 0;
  /// Frames of the last moments, those above `after`; asking turns the trace on for a minute.
  virtual Result<std::vector<link::TraceLine>> traceBackend(const std::string& name, uint64_t after) = 0;
  /// Fails also as Simulator::start().
  virtual Result<void> simulatePlayers(const std::string& name, const link::SimulationOrder& order) = 0;
  virtual Result<link::SimulationReport> simulation(const std::string& name) = 0;
  virtual Result<std::vector<link::BackendToken>> backendTokens() = 0;
  /// The secret, once; a token of the same name is void.
  virtual Result<std::string> createBackendToken(const std::string& name, const link::LinkGrant& grant) = 0;
  /// Its connections end, too.
  virtual Result<void> revokeBackendToken(const std::string& name) = 0;

  virtual Result<BroadcastOutcome> broadcast(const BroadcastRequest& request) = 0;

  // The store; facts come from the database, the rest [figures]
  virtual StoreSnapshot store() = 0;
  /// Reads the whole database; the operation fails if it is not sound, and says how. Fails kUnavailable.
  virtual Result<Operation> checkStore() = 0;
  /// Copies it to a new file. Fails kInvalid if the database has its own program for that, named in the
  /// message; kUnavailable.
  virtual Result<Operation> backupStore(const std::string& file) = 0;

  // API tokens (store). The admin server makes the secrets, hashes and ids; these only keep them
  virtual Result<void> addApiToken(const store::ApiTokenRecord& token) = 0;
  virtual Result<std::vector<store::ApiTokenRecord>> apiTokens() = 0;
  virtual Result<void> removeApiToken(const std::string& id) = 0;

  // Configuration
  /// The configuration in force: config::toJson.
  virtual std::string configJson() = 0;
  /// kInvalid with config::ConfigError's sentence; changes nothing.
  virtual Result<void> validateConfig(const std::string& text, const std::string& sourceName) = 0;
  /// Reads the file again: applies what can be applied live. kInvalid: nothing was changed.
  virtual Result<ReloadOutcome> reloadConfig() = 0;
};

}  // namespace gw::admin
