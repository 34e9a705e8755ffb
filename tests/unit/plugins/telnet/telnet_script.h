#pragma once
// Runs bytes through the codec and the line assembler the way the channel does, in any segmentation.

#include <string>
#include <string_view>
#include <vector>

#include "line_assembler.h"
#include "telnet_codec.h"

namespace gw::telnet {

/// Everything observable after some input.
struct Transcript {
  std::vector<std::string> lines;
  std::string answers;
  size_t units = 0;
  size_t oversized = 0;
  size_t discarded = 0;
  std::string name, terminal;
  uint32_t mtts = 0;
  int width = 0, height = 0;
  int charset = -1;
  bool isTelnet = false;

  bool operator==(const Transcript&) const = default;
};

class Script {
 public:
  Script() { codec.start({}, opening); }

  /// Keeps what the codec leaves over, as the host does.
  void receive(std::string_view bytes) {
    unread_ += bytes;
    std::string_view input = unread_;
    while (!input.empty()) {
      TelnetCodec::Step step;
      const size_t taken = codec.next(input, step, seen.answers);
      size_t used = taken;
      if (step.kind == TelnetCodec::Step::Kind::kText) {
        const auto result = assembler.feed(step.text, codec.isCharacterMode());
        seen.discarded += result.discarded;
        if (result.isLine) {
          seen.lines.emplace_back(assembler.line());
          used = result.consumed + 1;
          assembler.takeLine(step.text[result.consumed]);
        }
      } else if (step.kind != TelnetCodec::Step::Kind::kNone) {
        ++seen.units;
        if (step.kind == TelnetCodec::Step::Kind::kGmcp) gmcp.emplace_back(step.text);
        if (step.kind == TelnetCodec::Step::Kind::kOversized) ++seen.oversized;
        if (step.kind == TelnetCodec::Step::Kind::kEraseChar) assembler.eraseChar();
        if (step.kind == TelnetCodec::Step::Kind::kEraseLine) assembler.eraseLine();
      }
      input.remove_prefix(used);
    }
    unread_.clear();
  }

  Transcript transcript() {
    const ClientProfile& profile = codec.profile();
    seen.name = profile.name;
    seen.terminal = profile.terminal;
    seen.mtts = profile.hasMtts ? profile.mtts : 0;
    seen.width = profile.width;
    seen.height = profile.height;
    seen.charset = profile.hasCharset ? static_cast<int>(profile.charset) : -1;
    seen.isTelnet = codec.isTelnet();
    return seen;
  }

  TelnetCodec codec;
  LineAssembler assembler;
  std::string opening;
  std::vector<std::string> gmcp;  // payloads
  Transcript seen;

 private:
  std::string unread_;
};

inline Transcript run(const std::vector<std::string_view>& segments) {
  Script script;
  for (const std::string_view segment : segments) script.receive(segment);
  return script.transcript();
}

/// A byte string with embedded NULs.
template <size_t N>
std::string bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

}  // namespace gw::telnet
