#pragma once
// SseStream: one open event stream. Output only; the client's input is POST /rpc.
// Thread: [loop] of the connection. Holds no heap.

#include <chrono>

#include "gw/stream.hpp"

namespace gw::sse {

class SseStream final : public sdk::Stream {
 public:
  SseStream(sdk::HostConn conn, std::chrono::milliseconds heartbeat) : Stream(conn), heartbeat_(heartbeat) {}
  /// A new stream.
  void begin();
  /// Instead of begin(): goes on from a state.
  void restore(sdk::StateReader& in);

  void onTimer(uint32_t id, uint64_t nowNs) override;
  void onWritable() override { isOutputFull_ = false; }
  void onCloseBegin(const gw_close_info& info, uint64_t graceMs) override;
  gw_status wrap(const sdk::EventView& event, uint64_t epoch, uint64_t seq, size_t bodyBytes, sdk::Wrap& out) override;
  static gw_status encode(const sdk::EventView& event, sdk::Builder& out);

  sdk::MoveAnswer quiesce() override { return sdk::MoveAnswer::ready(); }
  void save(sdk::StateWriter& out) const override { fields(*this, out); }

 private:
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.flag(1, "isOutputFull", self.isOutputFull_);
  }

  std::chrono::milliseconds heartbeat_;
  bool isOutputFull_ = false;
};

}  // namespace gw::sse
