#pragma once
// StreamHost: the streams and HTTP requests of one loop. StreamHosts: all of them, as the accounts
// see them (StreamAcceptor).

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/connection.h"
#include "plugin/blocking_work.h"
#include "plugin/input_port.h"
#include "plugin/request.h"
#include "plugin/stream.h"
#include "plugin/stream_acceptor.h"
#include "plugin/stream_class.h"

namespace gw {
class Clock;
}

namespace gw::plugin {

class StreamHosts;

/// Thread: its loop only.
class StreamHost final : public WorkHome {
 public:
  StreamHost(StreamHosts& all, net::EventLoop& loop, const net::ConnectionLimits& limits, const Clock& clock);
  ~StreamHost();

  net::EventLoop& loop() { return loop_; }
  InputPort& port() { return *port_; }
  void setPort(InputPort& port) { port_ = &port; }
  StreamClassTable& classes() { return classes_; }
  const std::shared_ptr<BlockingWork>& work();
  void wakeForWork(uint64_t streamId) override;  // [any]
  int64_t wallUs() const;

  void acceptSocket(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits, int fd,
                    net::PeerAddress peer, net::TlsContext* tls);
  void acceptRequest(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                     std::shared_ptr<net::HttpExchange> exchange);
  void openAccepted(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                    std::unique_ptr<net::Connection> connection, const std::string& subprotocol,
                    const std::string& extensions, uint64_t user, std::unique_ptr<StreamContext> binding,
                    size_t homeLoop);

  Stream* find(uint64_t streamId);
  std::shared_ptr<Request> findRequest(uint64_t requestId);
  template <typename F>
  void forEach(F&& visit) {
    for (auto& [id, stream] : streams_) visit(*stream);
  }
  size_t streamCount() const { return streams_.size(); }

  /// Takes a stream to another loop after this turn, then calls there(stream) on that loop.
  void move(Stream& stream, StreamHost& target, UniqueFunction<void(Stream&)> there);

  void drop(Stream& stream);  // destroyed after this turn
  void drop(Request& request);

 private:
  Stream& adopt(std::unique_ptr<Stream> stream);
  bool open(Stream& stream, OpenedAs as);
  void followUp(Stream& stream);

  StreamHosts& all_;
  net::EventLoop& loop_;
  const net::ConnectionLimits& limits_;
  const Clock& clock_;
  InputPort* port_ = nullptr;
  StreamClassTable classes_;
  uint64_t nextId_;
  std::unordered_map<uint64_t, std::unique_ptr<Stream>> streams_;
  std::unordered_map<uint64_t, std::shared_ptr<Request>> requests_;
};

class StreamHosts final : public StreamAcceptor {
 public:
  StreamHosts(const std::vector<net::EventLoop*>& loops, const net::ConnectionLimits& limits, const Clock& clock);
  ~StreamHosts() override;

  StreamHost& at(size_t loopIndex) { return *hosts_[loopIndex]; }
  size_t size() const { return hosts_.size(); }
  const std::shared_ptr<BlockingWork>& work() const { return work_; }
  /// [control] No plugin's work blocks any more, or it is left behind after limitMs; streams get no answers now.
  void stopWork(uint64_t limitMs) { work_->stop(limitMs); }

  void onSocket(net::EventLoop& loop, std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                int fd, net::PeerAddress peer, net::TlsContext* tls) override;
  void onRequest(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                 std::shared_ptr<net::HttpExchange> exchange) override;
  size_t closeAll(const std::vector<std::shared_ptr<Instance>>& instances, const Goodbye& goodbye) override;
  std::shared_ptr<Migration> migrate(std::shared_ptr<Instance> from, std::shared_ptr<Instance> to,
                                     const MigrationOptions& options) override;
  /// [control] The same for every stream (shutdown).
  size_t closeEverything(uint32_t closeCode, const std::string& text, uint64_t graceMs);

 private:
  size_t closeMatching(const std::function<bool(const Stream&)>& matches, const Goodbye& goodbye);
  net::ConnectionLimits limits_;
  const std::shared_ptr<BlockingWork> work_ = BlockingWork::create();
  std::vector<std::unique_ptr<StreamHost>> hosts_;
};

}  // namespace gw::plugin
