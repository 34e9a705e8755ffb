#pragma once
#include <cstdint>

namespace gw::bench {

/// What an epoll event's data.ptr points to.
class Pollable {
 public:
  virtual ~Pollable() = default;
  virtual void onReady(uint32_t events) = 0;
};

}  // namespace gw::bench
