#include "backend/link/server.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/HTTPServerSession.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/ThreadPool.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "backend/link/connection.h"
#include "backend/link/door.h"
#include "backend/link/remote_backend.h"
#include "backend/link/socket.h"
#include "base/file_lock.h"
#include "base/log.h"

namespace gw::link {
namespace {

using Poco::Net::HTTPResponse;
using Poco::Net::SocketAddress;

constexpr const char* kPath = "/backend";
constexpr int kBacklog = 16;
constexpr uint64_t kGoodbyeMs = 1'000;
constexpr auto kSweepEach = std::chrono::milliseconds(250);

/// "localhost:18780" is "localhost"; "[::1]:1" is "[::1]".
std::string hostOf(const std::string& header) {
  const size_t colon = header.rfind(':');
  return colon == std::string::npos || header.ends_with(']') ? header : header.substr(0, colon);
}

bool isThisMachine(const std::string& host) {
  static constexpr std::array<std::string_view, 3> kNames{"localhost", "127.0.0.1", "[::1]"};
  return std::find(kNames.begin(), kNames.end(), host) != kNames.end();
}

struct Front {
  RemoteBackend& backend;
  Door& door;
  bool isUnix = false;
};

class Upgrade final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Upgrade(const Front& front) : front_(front) {}

  void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override {
    auto& plain = dynamic_cast<Poco::Net::HTTPServerRequestImpl&>(request);
    const int fd = plain.socket().impl()->sockfd();
    const std::string address = front_.isUnix ? std::string() : request.clientAddress().host().toString();
    if (const char* why = refusal(request, plain)) {
      front_.backend.noteTurnedAway();
      refuse(response, why);
      return front_.door.leave(fd);
    }
    try {
      auto socket = std::make_unique<Poco::Net::WebSocket>(request, response);
      const auto connection =
          front_.backend.open(std::make_unique<LinkSocket>(std::move(socket), kMaxMessageBytes), address);
      // From here on the connection itself watches its time; until it is admitted it keeps its place at the door.
      connection->onAdmitted([&door = front_.door, fd] { door.leave(fd); });
      connection->run();
      front_.door.leave(fd);  // while the socket is still ours, and its number with it
    } catch (const Poco::Exception& problem) {
      log::debug("link", "no WebSocket came of a request", {{"why", problem.displayText()}});
      front_.door.leave(fd);
    }
  }

 private:
  const char* refusal(const Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerRequestImpl& plain) const {
    status_ = HTTPResponse::HTTP_BAD_REQUEST;
    if (!front_.isUnix && !isThisMachine(hostOf(request.get("Host", "")))) {
      status_ = static_cast<HTTPResponse::HTTPStatus>(421);
      return "the Host header must name this machine";
    }
    if (request.has("Origin")) {
      status_ = HTTPResponse::HTTP_FORBIDDEN;
      return "browsers are not let in here";
    }
    if (request.getURI() != kPath) {
      status_ = HTTPResponse::HTTP_NOT_FOUND;
      return "the link is at /backend";
    }
    // RFC 6455 §4.1: a client waits for the answer. What came earlier would be read without being looked at.
    Poco::Buffer<char> early(0);
    plain.session().drainBuffer(early);
    if (early.size() > 0) return "frames came before the handshake was answered";
    return nullptr;
  }

  void refuse(Poco::Net::HTTPServerResponse& response, const std::string& why) const {
    response.setStatusAndReason(status_);
    response.setKeepAlive(false);
    response.setContentType("text/plain");
    const std::string body = why + "\n";
    response.sendBuffer(body.data(), body.size());
  }

  const Front& front_;
  mutable HTTPResponse::HTTPStatus status_ = HTTPResponse::HTTP_BAD_REQUEST;
};

class UpgradeFactory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  explicit UpgradeFactory(const Front& front) : front_(front) {}
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Upgrade(front_);
  }

 private:
  const Front& front_;
};

}  // namespace

struct LinkServer::Impl {
  Impl(const LinkOptions& o, RemoteBackend& b)
      : options(o),
        backend(b),
        door(new Door(o.maxUnauthenticated, o.authenticateMs, systemClock(), [&b] { b.noteTurnedAway(); })),
        pool("link", 2, static_cast<int>(o.maxConnections + o.maxUnauthenticated + 4)) {}

  Result<void> openUnix() {
    const std::string& path = options.socketPath;
    auto taken = FileLock::take(path + ".lock");
    if (!taken)
      return fail(ErrorCode::kConflict, "another gateway (" + taken.error().message + ") uses the socket " + path);
    lock = std::move(*taken);
    try {
      ::unlink(path.c_str());
      const mode_t previous = ::umask(0177);  // before bind: never open to others, not even for a moment
      Poco::Net::ServerSocket socket;
      try {
        socket.bind(SocketAddress(SocketAddress::UNIX_LOCAL, path));
      } catch (...) {
        ::umask(previous);
        throw;
      }
      ::umask(previous);
      socket.listen(kBacklog);
      serve(socket, unixFront);
      hasFile = true;
    } catch (const Poco::Exception& problem) {
      return fail(ErrorCode::kUnavailable, "cannot listen on " + path + " for backends: " + problem.displayText());
    }
    return {};
  }

  Result<void> openTcp() {
    const std::string where = options.host + ":" + std::to_string(options.port);
    try {
      const SocketAddress address(Poco::Net::IPAddress(options.host), options.port);
      if (!address.host().isLoopback())
        return fail(ErrorCode::kForbidden, "the backend link listens on loopback only, not on " + where);
      Poco::Net::ServerSocket socket;
      socket.bind(address, true, false);
      socket.listen(kBacklog);
      port = socket.address().port();
      serve(socket, tcpFront);
    } catch (const Poco::Exception& problem) {
      return fail(ErrorCode::kUnavailable, "cannot listen on " + where + " for backends: " + problem.displayText() +
                                               "; set backend.listen.port");
    }
    return {};
  }

  void serve(const Poco::Net::ServerSocket& socket, const Front& front) {
    Poco::AutoPtr<Poco::Net::HTTPServerParams> params(new Poco::Net::HTTPServerParams);
    params->setKeepAlive(false);
    params->setTimeout(Poco::Timespan(static_cast<long>(options.authenticateMs) * 1000));
    params->setMaxThreads(static_cast<int>(options.maxConnections + options.maxUnauthenticated));
    params->setMaxQueued(static_cast<int>(options.maxUnauthenticated));
    servers.push_back(std::make_unique<Poco::Net::HTTPServer>(new UpgradeFactory(front), pool, socket, params));
    servers.back()->setConnectionFilter(door);
    servers.back()->start();
  }

  void sweepUntilStopped() {
    std::unique_lock guard(mutex);
    while (!wake.wait_for(guard, kSweepEach, [this] { return isStopping; })) door->sweep();
  }

  // Poco waits for its handlers: the connections end first.
  void stop() {
    {
      const std::lock_guard guard(mutex);
      if (isStopping) return;
      isStopping = true;
    }
    wake.notify_all();
    if (sweeper.joinable()) sweeper.join();
    for (auto& server : servers) server->stop();
    backend.stop(kGoodbyeMs);
    door->sweep(true);
    for (auto& server : servers) server->stopAll(true);
    pool.joinAll();
    servers.clear();
    if (hasFile) ::unlink(options.socketPath.c_str());
  }

  const LinkOptions& options;
  RemoteBackend& backend;
  Poco::AutoPtr<Door> door;
  Poco::ThreadPool pool;
  Front unixFront{backend, *door, true};
  Front tcpFront{backend, *door, false};
  FileLock lock;
  std::vector<std::unique_ptr<Poco::Net::HTTPServer>> servers;
  uint16_t port = 0;
  bool hasFile = false;
  std::mutex mutex;
  std::condition_variable wake;
  bool isStopping = false;
  std::thread sweeper;
};

LinkServer::LinkServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LinkServer::~LinkServer() { stop(); }
void LinkServer::stop() { impl_->stop(); }
uint16_t LinkServer::port() const { return impl_->port; }

Result<std::unique_ptr<LinkServer>> LinkServer::start(const LinkOptions& options, RemoteBackend& backend) {
  auto impl = std::make_unique<Impl>(options, backend);
  Impl& parts = *impl;
  std::unique_ptr<LinkServer> server(new LinkServer(std::move(impl)));
  if (!options.socketPath.empty())
    if (auto opened = parts.openUnix(); !opened) return opened.error();
  if (options.hasTcp)
    if (auto opened = parts.openTcp(); !opened) return opened.error();
  parts.sweeper = std::thread([&parts] { parts.sweepUntilStopped(); });
  return server;
}

}  // namespace gw::link
