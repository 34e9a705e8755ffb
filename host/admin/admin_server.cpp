#include "admin/admin_server.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/ThreadPool.h>
#include <sys/socket.h>

#include <chrono>

#include "admin/gateway_port.h"
#include "admin/http_front.h"
#include "admin/peer.h"
#include "admin/socket_file.h"
#include "admin/token_gate.h"
#include "base/log.h"

namespace gw::admin {
namespace {

using Poco::Net::SocketAddress;

constexpr int kThreads = 8;
constexpr int kQueued = 32;
constexpr int kBacklog = 64;

/// One Poco server with threads of its own, so that a stuck TCP peer never keeps the Unix socket waiting.
class Front {
 public:
  Front(GatewayPort& port, TokenGate& tokens, const AdminOptions& options, bool isUnix)
      : context_{port, tokens, isUnix, operatorsGroup(), options.allowedHosts, {}, false},
        pool_(isUnix ? "admin-unix" : "admin-tcp", 2, kThreads) {}

  void serve(const Poco::Net::ServerSocket& socket) {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setMaxThreads(kThreads);
    params->setMaxQueued(kQueued);
    params->setKeepAlive(false);  // an idle connection would hold a thread
    params->setTimeout(Poco::Timespan(5, 0));
    socket_ = socket;
    server_ = std::make_unique<Poco::Net::HTTPServer>(new FrontFactory(context_), pool_, socket, params);
    server_->start();
  }

  void refuseNew() {
    context_.isStopping = true;
    if (!server_) return;
    // Poco's accept thread looks at its stop flag every 250 ms; this wakes it, and clients are refused at once.
    ::shutdown(socket_.impl()->sockfd(), SHUT_RDWR);
    server_->stop();
    // Closed now and not at the end: a client that waits for room in the backlog is only woken by that.
    socket_.close();
  }

  /// In this order: stopAll would wait for a handler's mutex otherwise.
  void finish() {
    if (!server_) return;
    context_.inFlight.waitUntilNone(kLongestWait + std::chrono::milliseconds(500));
    server_->stopAll(true);
    pool_.joinAll();
    server_.reset();
  }

 private:
  FrontContext context_;
  Poco::ThreadPool pool_;
  Poco::Net::ServerSocket socket_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

class PocoAdminServer final : public AdminServer {
 public:
  PocoAdminServer(const AdminOptions& options, GatewayPort& port)
      : options_(options), port_(port), tokens_(port, options.clock != nullptr ? *options.clock : systemClock()) {}
  ~PocoAdminServer() override { stop(); }

  Result<void> open() {
    if (auto opened = openUnix(); !opened) return opened;
    return options_.tcpEnabled ? openTcp() : Result<void>();
  }

  void stop() override {
    if (isStopped_) return;
    isStopped_ = true;
    for (Front* front : {unix_.get(), tcp_.get()}) {
      if (front != nullptr) front->refuseNew();
    }
    for (Front* front : {unix_.get(), tcp_.get()}) {
      if (front != nullptr) front->finish();
    }
    file_.reset();
  }

  uint16_t tcpPort() const override { return tcpPort_; }

 private:
  Result<void> openUnix() {
    auto file = SocketFile::claim(options_.socketPath, options_.tightenFolder);
    if (!file) return file.error();
    file_ = std::move(*file);
    unix_ = std::make_unique<Front>(port_, tokens_, options_, true);
    try {
      Poco::Net::ServerSocket socket;
      file_->bindWith([&](const std::string& path) {
        socket.bind(SocketAddress(SocketAddress::UNIX_LOCAL, path));
        socket.listen(kBacklog);
      });
      unix_->serve(socket);
    } catch (const Poco::Exception& e) {
      return fail(ErrorCode::kUnavailable,
                  "cannot listen on the admin socket " + options_.socketPath + ": " + e.displayText());
    }
    return {};
  }

  Result<void> openTcp() {
    tcp_ = std::make_unique<Front>(port_, tokens_, options_, false);
    const std::string where = options_.tcpHost + ":" + std::to_string(options_.tcpPort);
    try {
      const SocketAddress address(Poco::Net::IPAddress(options_.tcpHost), options_.tcpPort);
      if (!address.host().isLoopback()) {
        return fail(ErrorCode::kForbidden, "the admin API listens on loopback only, not on " + where);
      }
      Poco::Net::ServerSocket socket;
      socket.bind(address, true, false);  // the port must be ours alone: no SO_REUSEPORT
      socket.listen(kBacklog);
      tcpPort_ = socket.address().port();
      tcp_->serve(socket);
    } catch (const Poco::Exception& e) {
      return fail(ErrorCode::kUnavailable,
                  "cannot listen on " + where + " for the admin API: " + e.displayText() + "; set admin.tcp.port");
    }
    return {};
  }

  const AdminOptions options_;
  GatewayPort& port_;
  TokenGate tokens_;
  std::unique_ptr<SocketFile> file_;
  std::unique_ptr<Front> unix_;
  std::unique_ptr<Front> tcp_;
  uint16_t tcpPort_ = 0;
  bool isStopped_ = false;
};

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::start(const AdminOptions& options, GatewayPort& port) {
  auto server = std::make_unique<PocoAdminServer>(options, port);
  if (auto opened = server->open(); !opened) return opened.error();
  return std::unique_ptr<AdminServer>(std::move(server));
}

}  // namespace gw::admin
