#ifndef GW_STREAM_HPP
#define GW_STREAM_HPP
// Stream: the plugin's side of one live connection. Derive from it; the host calls it [loop], one call
// at a time, from open to onClosed. Different streams run on different threads at the same time, so
// what they share (the Channel) must be immutable or atomic. The destructor calls nothing of the host: a
// stream that has moved to another generation is destroyed while its connection lives on.

#include <string_view>

#include "gw/encode.hpp"
#include "gw/host.hpp"
#include "gw/login.h"
#include "gw/state.hpp"
#include "gw/stream.h"
#include "gw/work.hpp"

namespace gw::sdk {

/// The outcome of Stream::onData. Bytes not consumed stay in the host and are offered again.
struct Consumed {
  // NOLINTNEXTLINE(google-explicit-constructor): `return bytes.size();` is the usual ending
  Consumed(size_t count, gw_status result = GW_OK) : bytes(count), status(result) {}
  size_t bytes;
  gw_status status;  // negative: the host closes the connection with GW_CLOSE_PROTOCOL
};

class Stream {
 public:
  explicit Stream(HostConn conn) : conn_(conn) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Bytes from the peer, in pieces cut anywhere. Never called for HTTP streams (GW_ACCEPT_STREAM).
  virtual Consumed onData(std::string_view bytes, uint64_t /*nowNs*/) { return bytes.size(); }
  /// The peer finished sending. By default that is the end: the session stays and can be resumed.
  virtual void onEof() { conn_.close(GW_CLOSE_LOST, "end of input"); }
  virtual void onTimer(uint32_t /*id*/, uint64_t /*nowNs*/) {}
  virtual void onWritable() {}
  /// The answer to hello, submit or frame; see gw_stream_ext.event.
  virtual void onEvent(uint64_t /*token*/, gw_status /*status*/, std::string_view /*json*/) {}
  virtual void onNotice(const gw_notice& /*notice*/) {}
  /// How signing in goes (gw/login.h); for channels whose clients sign in by messages of their own.
  virtual void onLogin(const gw_login_event& /*event*/) {}
  /// What came of conn().work (gw/work.h). outcome says whether status and result_h are the job's own.
  virtual void onWork(const gw_work_answer& /*answer*/) {}
  /// Say goodbye on the wire, then close. Later calls: onClosed only.
  virtual void onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) {
    conn_.close(info.code, view(info.text_h));
  }
  /// The last call; the stream is destroyed after it. conn() must not be used any more.
  virtual void onClosed(uint32_t /*code*/) {}

  /// Head and tail of a unit, in wire order, when it is queued. seq 0: the event has none.
  virtual gw_status wrap(const EventView& /*event*/, uint64_t /*epoch*/, uint64_t /*seq*/, size_t /*bodyLength*/,
                         Wrap& /*out*/) {
    return GW_OK;
  }
  /// Only for classes with GW_CLASS_STREAM_TRANSFORM, instead of wrap.
  virtual gw_status deliver(const EventView& /*event*/, uint64_t /*epoch*/, uint64_t /*seq*/,
                            std::string_view /*body*/) {
    return GW_E_UNSUPPORTED;
  }

  // Moving to another generation, for channels with a kState (gw/channel.hpp, gw/migrate.h).

  /// May it move now? After ready() only save, and then resume or the destructor.
  virtual MoveAnswer quiesce() { return MoveAnswer::never("this kind of stream does not move"); }
  /// It stays after all, as it was before quiesce.
  virtual void resume() {}
  /// What Channel::restore reads in the other generation. Calls nothing of the host.
  virtual void save(StateWriter& /*out*/) const { throw Error("this kind of stream has no state", GW_E_UNSUPPORTED); }
  /// A restored stream is the connection now; before that it may only send, set timers and its class.
  virtual void onCommit() {}

 protected:
  HostConn conn() const noexcept { return conn_; }

 private:
  HostConn conn_;
};

}  // namespace gw::sdk
#endif  // GW_STREAM_HPP
