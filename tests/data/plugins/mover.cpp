// Channel "mover": a terminal of plain lines whose connections can move, from which one build each makes one
// particular generation: MOVER_VERSION names it, MOVER_IS says what is wrong with it.
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "gw/plugin.hpp"

#define MOVER_GOOD 0
#define MOVER_CRASHES 1        // in create
#define MOVER_HANGS 2          // in create
#define MOVER_REFUSES 3        // its options
#define MOVER_CANNOT_IMPORT 4  // any connection
#define MOVER_NEVER_LEAVES 5   // its connections stay
#define MOVER_NOT_YET 6        // nor ever
#define MOVER_STAYS_MAPPED 7   // once it is not in the probe
#define MOVER_OTHER_STATE 8    // its state has a version that nobody else reads
#define MOVER_BREAKS_LATER 9   // cannot import a connection whose line is not empty

#ifndef MOVER_IS
#define MOVER_IS MOVER_GOOD
#endif

namespace {

using gw::sdk::Consumed;
using gw::sdk::Error;
using gw::sdk::EventView;
using gw::sdk::HostConn;
using gw::sdk::MoveAnswer;

constexpr size_t kMostLine = 4096;
constexpr uint64_t kOnlyClass = 1;

struct Pinned {
  ~Pinned() { used = 0; }
  int used = 1;
};

class MoverStream : public gw::sdk::Stream {
 public:
  /// sign: stands before each line, so it belongs to the class.
  /// lingers: does not leave when it is asked to.
  MoverStream(HostConn conn, const std::string& sign, bool lingers) : Stream(conn), lingers_(lingers) {
    conn.setClass(kOnlyClass, GW_CLASS_TEXT_ONLY | GW_CLASS_REPROMPT, "plain" + sign);
  }

  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.text(1, "line", self.line_, kMostLine);
    f.flag(2, "isAtPrompt", self.isAtPrompt_);
  }

  // Consumes what is no line yet, so that there is something to move.
  Consumed onData(std::string_view bytes, uint64_t /*nowNs*/) override {
    size_t used = 0;
    for (; used < bytes.size(); ++used) {
      if (bytes[used] != '\n') {
        if (line_.size() >= kMostLine) return {used, GW_E_PROTO};
        line_ += bytes[used];
        continue;
      }
      if (line_.starts_with("sleep")) usleep(70'000);  // longer than a callback may take
      if (conn().submitLine(line_) == GW_E_AGAIN) return used;
      line_.clear();
      isAtPrompt_ = false;
    }
    return used;
  }

  void onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) override {
    conn().send(std::string(gw::sdk::view(info.text_h)) + "\n");
    if (!lingers_) conn().close(info.code);
  }

  gw_status wrap(const EventView& event, uint64_t /*epoch*/, uint64_t /*seq*/, size_t bodyLength,
                 gw::sdk::Wrap& out) override {
    if (isAtPrompt_ && bodyLength > 0) out.head("\n");
    isAtPrompt_ = event.isPrompt() && bodyLength > 0;
    return GW_OK;
  }

  MoveAnswer quiesce() override {
    if (MOVER_IS == MOVER_NEVER_LEAVES) return MoveAnswer::never("it likes it here");
    if (MOVER_IS == MOVER_NOT_YET) return MoveAnswer::notYet("it is busy");
    return MoveAnswer::ready();
  }
  void save(gw::sdk::StateWriter& out) const override { fields(*this, out); }

 private:
  friend class Mover;
  const bool lingers_;
  std::string line_;
  bool isAtPrompt_ = false;
};

class Mover : public gw::sdk::Channel {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{.id = "mover",
                                                   .name = "Mover",
                                                   .vendor = "tests",
                                                   .version = MOVER_VERSION,
                                                   .license = "Apache-2.0",
                                                   .maxStateBytes = 8192};
  static constexpr uint32_t kStateVersion = MOVER_IS == MOVER_OTHER_STATE ? 9 : 1;
  static constexpr gw::sdk::StateSchema kState{
      .version = kStateVersion, .oldestImport = kStateVersion, .oldestExport = kStateVersion};

  static void validate(std::string_view options) {
    if (options.find("\"depth\"") != std::string_view::npos) throw Error("options.depth: there is no such option");
  }

  explicit Mover(gw::sdk::HostInst inst, std::string_view options) : Channel(inst) {
    // {"sign":"x"}: stands before each line. {"lingers":1}: connections do not leave when they are asked to.
    lingers_ = options.find("\"lingers\"") != std::string_view::npos;
    const size_t sign = options.find("\"sign\"");
    const size_t colon = sign == std::string_view::npos ? sign : options.find(':', sign);
    if (colon != std::string_view::npos) sign_ = options.substr(options.find('"', colon) + 1, 1);
    if (MOVER_IS == MOVER_CRASHES) abort();
    while (MOVER_IS == MOVER_HANGS) usleep(1000);
    if (MOVER_IS == MOVER_REFUSES) throw Error("options.depth: expected a number");
    if (MOVER_IS == MOVER_STAYS_MAPPED && getenv("PATH") != nullptr) {
      static thread_local Pinned pinned;  // its destructor keeps the library mapped until the thread ends
      pinned.used = 2;
    }
  }

  std::unique_ptr<gw::sdk::Stream> open(HostConn conn, const gw_open_info& /*info*/, uint64_t /*nowNs*/) override {
    auto stream = std::make_unique<MoverStream>(conn, sign_, lingers_);
    conn.hello(1, {.caps = GW_CAP_TERMINAL | GW_CAP_UTF8});
    return stream;
  }

  std::unique_ptr<gw::sdk::Stream> restore(HostConn conn, const gw_open_info& /*info*/, gw::sdk::StateReader& in,
                                           uint64_t /*nowNs*/) {
    auto stream = std::make_unique<MoverStream>(conn, sign_, lingers_);
    MoverStream::fields(*stream, in);
    if (MOVER_IS == MOVER_CANNOT_IMPORT) throw Error("it takes nobody over");
    if (MOVER_IS == MOVER_BREAKS_LATER && !stream->line_.empty()) throw Error("it cannot read a line");
    return stream;
  }

  gw_status encode(std::string_view /*classDescription*/, const EventView& event,
                   gw::sdk::Builder& out) const override {
    if (event.isText()) out.append(sign_);
    out.append(event.text());
    return event.isText() ? out.append("\n") : static_cast<gw_status>(GW_OK);
  }

 private:
  std::string sign_;
  bool lingers_ = false;
};

}  // namespace

GW_PLUGIN(Mover);
