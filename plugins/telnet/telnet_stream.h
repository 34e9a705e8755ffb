#pragma once
// TelnetStream: one telnet connection. Decides when the client is known well enough to be introduced,
// turns text into lines and lines into input, and knows where the cursor is, so that output never runs
// into a prompt.
// Thread: [loop].

#include <memory>
#include <string>
#include <string_view>

#include "gmcp_peer.h"
#include "gw/stream.hpp"
#include "line_assembler.h"
#include "renderer.h"
#include "telnet_codec.h"
#include "telnet_config.h"

namespace gw::telnet {

struct TelnetMetrics;

class TelnetStream : public sdk::Stream {
 public:
  /// `config` and `metrics` outlive the stream (they are the account's).
  TelnetStream(sdk::HostConn conn, const TelnetConfig& config, const TelnetMetrics& metrics)
      : Stream(conn), config_(config), metrics_(metrics) {}

  void start();

  sdk::Consumed onData(std::string_view bytes, uint64_t nowNs) override;
  void onTimer(uint32_t id, uint64_t nowNs) override;
  void onWritable() override;
  void onEvent(uint64_t token, gw_status status, std::string_view json) override;
  void onLogin(const gw_login_event& event) override;
  void onCloseBegin(const gw_close_info& info, uint64_t graceMs) override;
  gw_status wrap(const sdk::EventView& event, uint64_t epoch, uint64_t seq, size_t bodyLength, sdk::Wrap& out) override;

  sdk::MoveAnswer quiesce() override;
  void save(sdk::StateWriter& out) const override;
  /// Instead of start(): goes on from a state. The class follows the account's options as they are now.
  void restore(sdk::StateReader& in);
  void onCommit() override;

 private:
  /// What the host has been told of the client.
  struct Reported {
    uint32_t caps = 0;
    uint32_t width = 0;
    uint32_t height = 0;
    bool operator==(const Reported&) const = default;
  };

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);
  size_t takeText(const TelnetCodec::Step& step, size_t taken);
  bool submitLine();
  void onUnit(const TelnetCodec::Step& step);
  void onGmcp(std::string_view payload);
  bool charge(uint32_t units);
  void afterInput();
  void introduce();
  void refreshClass();
  void reportCaps();
  void flush();
  void close(uint32_t code, std::string_view reason);
  void tell(std::string_view sentence);
  void setEcho(bool isHidden, std::string& out);
  RenderClass renderClass() const;
  uint32_t caps() const;

  const TelnetConfig& config_;
  const TelnetMetrics& metrics_;
  TelnetCodec codec_;
  LineAssembler lines_;
  std::string out_;  // telnet answers, sent at the end of a callback
  RenderClass class_;
  Reported reported_;
  std::unique_ptr<GmcpPeer> gmcp_;  // once the client has sent a message
  bool isIntroduced_ = false;
  bool isLoginOpen_ = false;  // the host asks who is there
  bool isClassSet_ = false;
  bool isAtPrompt_ = false;        // the cursor stands behind a prompt
  bool isEchoHidden_ = false;      // a password is being asked
  bool isHiddenAnswered_ = false;  // and has been typed
  bool isOutputFull_ = false;
  bool isBlocked_ = false;  // the host does not take the line now; it is kept
  bool isClosing_ = false;
  bool areCapsNews_ = false;
  bool isLatin1Typed_ = false;  // the client sends Latin-1 without saying so
  uint8_t latin1Lines_ = 0;
  uint32_t seenRevision_ = 0;
  size_t uncharged_ = 0;  // discarded bytes not yet paid for
};

}  // namespace gw::telnet
