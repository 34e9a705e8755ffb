#pragma once
// ChildProcess: a program that a test starts, talks to by pipes and ends. Not thread-safe.
// Every failure to do what is asked throws std::runtime_error that says what was seen so far.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/deadline.h"

namespace gw::test {

/// A fresh folder of mode 0700; removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  explicit TempFolder(const std::string& parent);
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file of the given mode; answers its path.
  std::string write(const std::string& name, std::string_view text, unsigned mode = 0600) const;

 private:
  std::string path_;
};

std::string readFile(const std::string& path);

struct Outcome {
  int exit = -1;  // 128 + signal if one ended it
  std::string out;
  std::string err;
};

class ChildProcess {
 public:
  /// folder: its working directory. errFile: where standard error goes; empty: into the same pipe as
  /// standard output. environment: NAME=VALUE, besides the test's own.
  ChildProcess(std::vector<std::string> argv, const std::string& folder, const std::string& errFile = {},
               std::vector<std::string> environment = {});
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool isRunning();
  void signal(int number) const;
  void write(std::string_view text) const;
  void closeInput();
  /// What it printed up to and including `text`, taken out of the buffer.
  std::string readUntil(std::string_view text, Ms limit = kPatience);
  std::string readLine(Ms limit = kPatience) { return readUntil("\n", limit); }
  /// Everything until it closes its output.
  std::string readToEnd(Ms limit = kPatience);
  /// Its exit code, 128 + signal if one ended it.
  int waitExit(Ms limit = kPatience);

 private:
  bool readMore(const Deadline& deadline);

  std::string name_;
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int exit_ = -1;
  std::string buffer_;
};

/// Runs to the end. Standard error apart from standard output.
Outcome run(std::vector<std::string> argv, const std::string& folder, std::vector<std::string> environment = {},
            Ms limit = kPatience);

}  // namespace gw::test
