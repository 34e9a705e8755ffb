#pragma once
// Request: an HTTP request on its way through a plugin; what the plugin knows as gw_host_req.
// Thread: the loop of its HTTP connection. Held by its StreamHost until answered, accepted or gone.

#include <memory>
#include <string>

#include "gw/http.h"
#include "net/http_front.h"
#include "plugin/input_port.h"
#include "plugin/instance.h"
#include "plugin/stream_acceptor.h"

namespace gw::plugin {

class StreamHost;

struct RequestAnswer {
  gw_status status = GW_OK;
  uint32_t httpStatus = 200;
  std::string body;
  std::string setCookie;
};

class Request : public std::enable_shared_from_this<Request> {
 public:
  Request(StreamHost& host, uint64_t id, std::shared_ptr<Instance> instance,
          std::shared_ptr<const AccountTraits> traits, std::shared_ptr<net::HttpExchange> exchange);

  uint64_t id() const { return id_; }
  StreamHost& host() { return host_; }
  const net::PeerAddress& peer() const { return exchange_->peer(); }
  const AccountTraits& traits() const { return *traits_; }
  const std::string& channelId() const { return instance_->generation().channelId(); }
  bool isOpen() const { return !done_ && exchange_->isOpen(); }

  /// Gives the plugin its answer. binding: what the stream-to-be is bound to, and on which loop.
  void answer(uint64_t token, const RequestAnswer& answer, std::unique_ptr<StreamContext> binding = nullptr,
              size_t homeLoop = 0);

  // For the host tables
  gw_status accept(uint32_t mode, const gw_header* headers, size_t count, std::string_view subprotocol,
                   std::string_view extensions, uint64_t user);
  gw_status reply(uint32_t status, const gw_header* headers, size_t count, std::string_view body);

  gw_host_req* asHostReq() { return reinterpret_cast<gw_host_req*>(this); }
  static Request& from(gw_host_req* req) { return *reinterpret_cast<Request*>(req); }

 private:
  friend class StreamHost;
  void dispatch();      // calls the plugin's request()
  void finishAccept();  // opens the stream once the plugin has returned

  StreamHost& host_;
  uint64_t id_;
  std::shared_ptr<Instance> instance_;
  std::shared_ptr<const AccountTraits> traits_;
  std::shared_ptr<net::HttpExchange> exchange_;
  bool done_ = false;
  struct Accepted {
    std::unique_ptr<net::Connection> connection;
    std::string subprotocol;
    std::string extensions;
    uint64_t user = 0;
  };
  std::unique_ptr<Accepted> accepted_;
  std::unique_ptr<StreamContext> binding_;
  size_t homeLoop_ = 0;
};

}  // namespace gw::plugin
