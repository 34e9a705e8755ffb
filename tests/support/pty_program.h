#pragma once
// PtyProgram: a terminal program under a pseudo-terminal, driven as by a person at a keyboard.
// Not thread-safe. Failures throw std::runtime_error that shows the screen's text so far.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/tcp_client.h"

namespace gw::test {

class PtyProgram {
 public:
  /// home: its HOME and working directory, so that it reads nobody's settings.
  PtyProgram(const std::vector<std::string>& argv, const std::string& home);
  /// Kills it if it still runs.
  ~PtyProgram();
  PtyProgram(const PtyProgram&) = delete;
  PtyProgram& operator=(const PtyProgram&) = delete;

  void type(std::string_view keys) const;
  void typeLine(std::string_view line) const { type(std::string(line) + "\r"); }
  /// Waits until `text` stands in what it wrote (without escape sequences); takes everything up to there.
  std::string expect(std::string_view text, Ms limit = kPatience);
  /// Whether the terminal shows what is typed.
  bool doesEcho() const;
  int waitExit(Ms limit = kPatience);

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
  TerminalText filter_;
  std::string text_;
};

}  // namespace gw::test
