#pragma once
// FakeGateway: the gateway's end of the backend link, on a port of its own or a Unix socket. It counts frames as the
// protocol page says: takes the next one, drops older ones, refuses a gap. Tests say what it sends.
//
// Thread-safe. Waits throw std::runtime_error when their time is over.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/deadline.h"

namespace Poco::Net {
class HTTPServer;
class WebSocket;
}  // namespace Poco::Net

namespace gw::test {

class FakeGateway {
 public:
  using Json = nlohmann::json;

  /// unixPath empty: a port of 127.0.0.1.
  explicit FakeGateway(const std::string& unixPath = {});
  ~FakeGateway();
  FakeGateway(const FakeGateway&) = delete;
  FakeGateway& operator=(const FakeGateway&) = delete;

  std::string url() const;
  int port() const;

  /// What the next connect is answered with; empty: a hello.
  void refuseWith(const Json& error);
  /// Acknowledge counted frames as they come (default), or only with acknowledge().
  void setAcks(bool acks);
  /// link.ready right behind each hello (default), or only when the test sends it.
  void setReady(bool isReady);
  void acknowledge();
  void setHeartbeatMs(int ms);
  /// Frames with this in their payload are refused with the error. Their numbers are used up, unless it is about where
  /// they go.
  void refuseFrames(const std::string& having, const Json& error);

  /// Waits for that many hellos since the start.
  void waitForLinks(int count);
  void send(const Json& frames);
  void sendRaw(const std::string& text, int flags);
  void event(const std::string& name, const Json& payload);
  void enter(const std::string& session, const std::string& name = "Anna");
  void reconnect(const std::string& session, int64_t n, const std::string& cause = "link");
  void command(const std::string& session, int64_t seq, const std::string& text);
  /// Tells that the session is over, and forgets its count.
  void leave(const std::string& session, const std::string& reason);
  void hangUp();

  /// The next frame that fits and has not been asked for yet.
  Json waitFor(const std::string& what, const std::function<bool(const Json&)>& fits);
  Json waitForEvent(const std::string& name);
  Json waitForAck(const std::string& session, int64_t seq);
  Json waitForResponse(const std::string& id);
  /// The counted frames taken of a session, in order, each once; waits for that many.
  std::vector<Json> taken(const std::string& session, size_t count);
  /// Their texts.
  std::vector<std::string> texts(const std::string& session, size_t count);
  std::vector<Json> connects();
  std::vector<size_t> messageSizes();
  /// Forgets what it has of a session beyond n, as after a crash.
  void lose(const std::string& session, int64_t n);

 private:
  class Handler;
  class Factory;
  void serve(Poco::Net::WebSocket& socket);
  void take(const Json& frame, std::vector<Json>& answers);
  void count(const Json& frame, std::vector<Json>& answers);
  bool isRefused(const Json& frame, int64_t& last, std::vector<Json>& answers);
  void ackAll(std::vector<Json>& answers);
  Json hello() const;
  template <typename Holds>
  void wait(const std::string& what, Holds holds);

  mutable std::mutex mutex_;
  std::mutex sendMutex_;
  std::condition_variable changed_;
  Json refusal_;
  std::string refusedText_;
  Json refusedWith_;
  bool acks_ = true;
  bool isReady_ = true;
  int heartbeatMs_ = 30000;
  int links_ = 0;
  std::shared_ptr<Poco::Net::WebSocket> socket_;
  std::deque<Json> frames_;
  std::vector<Json> connects_;
  std::vector<size_t> messageSizes_;
  std::map<std::string, std::vector<Json>> taken_;
  std::map<std::string, int64_t> last_;
  std::string unixPath_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace gw::test
