#pragma once
// HttpConnection: one client connection while it speaks HTTP: parses, guards, routes, answers, keeps
// alive. Freed once the connection is given away or closed. Internal to net/.
//
// Thread: the connection's loop only. Ownership: HttpShared's register.
// Invariants: at most one exchange; while there is one, input waits unread; one timer, whose meaning
// is phase_.

#include <memory>
#include <string>
#include <string_view>

#include "net/http_front.h"
#include "net/http_request_parser.h"
#include "net/http_response.h"
#include "net/http_shared.h"
#include "net/proxied_client.h"

namespace gw::net {

class HttpTransaction;

class HttpConnection final : public ConnectionHandler {
 public:
  HttpConnection(std::shared_ptr<HttpShared> shared, std::unique_ptr<Connection> connection, Task onDone);
  ~HttpConnection();

  void start();
  void closeWhenIdle();
  Connection& connection() { return *connection_; }
  const EventLoop& loop() const { return *loop_; }  // any thread
  /// Whose request is under way.
  const PeerAddress& client() const { return client_ ? client_->address() : connection_->peer(); }
  bool isProxy() const { return isProxy_; }

  // The transaction's way back.
  void answer(const HttpTransaction& transaction, int status, const std::vector<HttpHeader>& headers,
              std::string_view body);
  std::unique_ptr<Connection> giveAway(const HttpTransaction& transaction, bool upgrade,
                                       const std::vector<HttpHeader>& headers);

 private:
  enum class Phase { kHead, kBody, kKeepAlive, kAnswer };

  size_t onBytes(Connection& connection, std::string_view bytes) override;
  void onEof(Connection& connection) override;
  void onWritable(Connection& connection) override;
  void onClosed(Connection& connection, CloseCause cause, std::string_view error) override;

  void enterPhase(Phase phase);
  void onDeadline();
  size_t readRequests(Connection& connection, std::string_view bytes);
  bool isFree() const { return transaction_ == nullptr && connection_ != nullptr; }
  void examineHead();
  bool admitClient(const HttpRequest& request);
  bool examineOrigin(const HttpRequest& request, const HttpRules& rules, const RouteMatch& match);
  void dispatch();
  void runHandler(const std::shared_ptr<HttpTransaction>& transaction);
  void refuse(int status, std::string_view text, std::string_view allow = {});
  void preflight(const HttpRequest& request, std::string_view allow);
  void send(ResponseShape shape, const std::vector<HttpHeader>& headers, std::string_view body, bool isHead);

  std::shared_ptr<HttpShared> shared_;
  EventLoop* const loop_;
  std::unique_ptr<Connection> connection_;
  Task onDone_;
  Timer timer_;
  Phase phase_ = Phase::kHead;
  bool isLast_ = false;          // close after the answer
  bool isReading_ = false;       // onBytes is on the stack
  bool isPeerFinished_ = false;  // EOF
  HttpRequestParser parser_;
  // Of the request that is being read; the table keeps the route alive.
  std::shared_ptr<const RouteTable> routes_;
  const HttpRoute* route_ = nullptr;
  bool isCorsAllowed_ = false;
  const bool isProxy_;                      // the peer is a trusted proxy ...
  std::unique_ptr<ProxiedClient> client_;   // ... for this client, from a request's head to its answer
  HttpTransaction* transaction_ = nullptr;  // not owned: see ~HttpTransaction
};

}  // namespace gw::net
