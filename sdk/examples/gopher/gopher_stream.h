#pragma once
// GopherStream: one request and its answer. Most answers are there at once. Those that need a session say hello, go in
// at the door by typed lines as any terminal does, say one line, show what is heard until it is quiet, and take a
// code along with which the next request goes on.
// Thread: [loop].

#include <string>
#include <string_view>

#include "gopher_channel.h"
#include "gw/stream.hpp"

namespace gopher {

/// What a body's bytes depend on.
struct OutputClass {
  uint64_t key;
  std::string_view description;
};
inline constexpr OutputClass kQuiet{1, "quiet"};  // nothing is shown
inline constexpr OutputClass kText{2, "text"};    // lines of a text item
inline constexpr OutputClass kMenu{3, "menu"};    // info lines of a menu

/// The code for another connection that the answer to /token carries; empty if the event is something else. [encode]
std::string codeOf(const gw::sdk::EventView& event);

class GopherStream : public gw::sdk::Stream {
 public:
  /// `options` and `metrics` outlive the stream (they are the account's).
  GopherStream(gw::sdk::HostConn conn, const Options& options, const Metrics& metrics, Place place)
      : Stream(conn), options_(options), metrics_(metrics), place_(std::move(place)) {}

  gw::sdk::Consumed onData(std::string_view bytes, uint64_t nowNs) override;
  void onEof() override;
  void onTimer(uint32_t id, uint64_t nowNs) override;
  void onEvent(uint64_t token, gw_status status, std::string_view json) override;
  void onNotice(const gw_notice& notice) override;
  void onLogin(const gw_login_event& event) override;
  void onCloseBegin(const gw_close_info& info, uint64_t graceMs) override;
  gw_status wrap(const gw::sdk::EventView& event, uint64_t epoch, uint64_t seq, size_t bodyLength,
                 gw::sdk::Wrap& out) override;

  gw::sdk::MoveAnswer quiesce() override;
  void save(gw::sdk::StateWriter& out) const override { fields(*this, out); }
  void restore(gw::sdk::StateReader& in);

 private:
  enum class Phase : uint8_t {
    kRequest,    // its line is being read
    kDoor,       // the host has been greeted and will ask who is there
    kEntering,   // it has been told
    kPlaying,    // inside; the line is to be said
    kListening,  // it has been said
    kDone
  };
  enum class Wish : uint8_t { kDocument, kWelcome, kPlay };

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);
  void answer(std::string_view line);
  void answerWith(std::string_view document);
  void refuse(std::string_view sentence);
  std::string menu() const;
  void goIn(Wish wish, std::string entry, std::string_view line);
  void step();
  bool submit(std::string_view line);
  void enter();
  void say();
  void finish();
  void end(uint32_t code, std::string_view reason);
  void setClass();

  const Options& options_;
  const Metrics& metrics_;
  const Place place_;
  Phase phase_ = Phase::kRequest;
  Wish wish_ = Wish::kDocument;
  std::string line_;   // the request as far as it has come; later what is to be said
  std::string entry_;  // the answer to "who is there?"
  std::string code_;   // for the next request
  bool isAnswered_ = false;
};

}  // namespace gopher
