#pragma once
// RpcAcks: acknowledges for SSE clients, which have no way back on their stream: POST /rpc over a few
// kept-alive connections, one request at a time on each.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client.h"

namespace gw::bench {

class RpcAcks {
 public:
  RpcAcks(int epollFd, uint16_t port);
  ~RpcAcks();

  void ack(const std::string& accessToken, uint64_t epoch, uint64_t seq);
  uint64_t failed() const { return failed_; }

 private:
  class Line;
  void next(Line& line);

  std::vector<std::unique_ptr<Line>> lines_;
  std::deque<std::string> waiting_;
  uint64_t failed_ = 0;
};

}  // namespace gw::bench
