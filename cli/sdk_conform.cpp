// gwctl sdk conform: the conformance suite of the SDK, which is a program of its own (gw-conform). Asks no gateway.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "cli_error.h"
#include "commands.h"

namespace gw::cli {
namespace {

constexpr const char* kProgram = "gw-conform";

/// Beside this program, or wherever PATH has it.
std::string findProgram() {
  std::error_code error;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / kProgram;
  return !error && ::access(beside.c_str(), X_OK) == 0 ? beside.string() : kProgram;
}

}  // namespace

/// This process becomes gw-conform: its output and its exit code are the command's.
int sdkConform(const Client&, Output&, const Arguments& arguments) {
  std::vector<char*> words;
  std::string name = kProgram;
  words.push_back(name.data());
  std::vector<std::string> passed = arguments.passed;
  for (std::string& word : passed) words.push_back(word.data());
  words.push_back(nullptr);
  ::execvp(findProgram().c_str(), words.data());
  throw CliError(kFailure, std::string(kProgram) + " cannot be started: " + std::strerror(errno),
                 "install the SDK's programs beside gwctl, or put them on the PATH");
}

}  // namespace gw::cli
