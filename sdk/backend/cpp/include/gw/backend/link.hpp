#pragma once
// Link: the connection to the gateway, its counts and its outbox.
//
//   gw::backend::Options options{.url = "ws://127.0.0.1:18780/backend", .tokenFile = "world.token",
//                                .database = "world.db", .name = "world"};
//   MyWorld world;
//   gw::backend::Link link(options, world);
//   link.every(std::chrono::seconds(2), [&](auto& tx) { world.tick(tx); });
//   link.runUntilSignal();
//
// It dials again by itself, for as long as it runs. One process a database.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gw/backend/backend.hpp"

namespace gw::backend {

struct Capabilities {
  bool hasCharacters = true;
  bool hasRegistration = false;
  bool hasGuests = false;
  std::string welcome = {};  // at most 4 KiB, shown before login
};

/// What survives a crash of the machine. Both survive one of the process.
enum class Durability {
  kFull,    // everything that was acknowledged; one fsync a transaction
  kNormal,  // the last moments may be lost, with commands that the gateway has been told are done
};

enum class LogLevel { kInfo, kWarning, kError };

struct Options {
  std::string url;        // ws://host:port/backend, or unix:/path
  std::string tokenFile;  // readable by its owner alone; read again at each connect
  std::string database;   // an SQLite file, made if need be; yours as well
  std::string name;       // as in the gateway's configuration
  Capabilities capabilities = {};
  std::string clientId = "gw-backend-cpp";
  std::string clientVersion = "1.0";
  Durability durability = Durability::kFull;
  std::string errorText = "Something went wrong, and nothing was changed.";  // for a command that threw
  size_t maxOutbox = 100'000;  // counted frames that may wait; post() and every() cannot send beyond it (OutboxFull)
  std::chrono::milliseconds reconnectMin{1000};
  std::chrono::milliseconds reconnectMax{30000};
  std::function<void(LogLevel, const std::string&)> log = {};  // from any thread; default: standard error
};

class Link {
 public:
  using Work = std::function<void(Transaction&)>;

  /// Opens the database and calls backend.onStart. backend must outlive it.
  /// Throws: std::runtime_error (options, token file, database) with what to do about it.
  Link(const Options& options, Backend& backend);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Until stop(), or until an operator drains this backend. The calling thread is the worker's.
  /// Throws: std::runtime_error if the database cannot be written any more: end the process, nothing is lost.
  void run();
  /// The same until SIGINT or SIGTERM. Call it before other threads are made.
  void runUntilSignal();
  /// From any thread: finishes what has come, sends it, and lets run() return.
  void stop();

  /// From any thread: a transaction of its own, on the worker. What it throws is logged.
  void post(Work work);
  /// From any thread: again and again. Late ones are not made up for.
  void every(std::chrono::milliseconds interval, Work work);
  /// From any thread: on another thread, one at a time, for what blocks. Must not throw.
  void background(std::function<void()> work);

  bool isConnected() const;
  /// From any thread: counted frames that the gateway has not acknowledged, with those of the transaction under way.
  size_t outboxSize() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::backend
