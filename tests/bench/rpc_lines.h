#pragma once
// RpcLines: what SSE clients say, who have no way back on their stream: POST /rpc over kept-alive connections,
// one request at a time on each. A client always uses the same line, so that its requests keep their order.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client.h"

namespace gw::bench {

class RpcLines {
 public:
  RpcLines(int epollFd, uint16_t port, uint32_t lines = 8);
  ~RpcLines();

  void request(const Client& client, std::string_view method, std::string_view paramsJson);
  /// What it has: its last seq.
  void ack(const Client& client);
  uint64_t failed() const { return failed_; }
  /// The answer to the first that failed.
  const std::string& firstFailure() const { return firstFailure_; }

 private:
  class Line;
  void noteFailure(std::string answer);

  std::vector<std::unique_ptr<Line>> lines_;
  uint64_t failed_ = 0;
  std::string firstFailure_;
};

}  // namespace gw::bench
