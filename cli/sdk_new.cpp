// gwctl sdk new: a plugin project to begin with. Asks no gateway.

#include <filesystem>

#include "cli_error.h"
#include "commands.h"
#include "scaffold.h"
#include "text.h"

namespace gw::cli {
namespace {

namespace fs = std::filesystem;

/// One word for a shell.
std::string quoted(const std::string& text) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct SdkPlace {
  std::string install;  // the command that installs it first; empty: it is installed
  std::string prefix;   // for CMAKE_PREFIX_PATH, quoted; empty: where CMake looks anyway
};

/// Where the project finds the SDK: beside this program (PREFIX/bin/gwctl), or where it should be installed to.
SdkPlace findSdk() {
  std::error_code error;
  const fs::path root = fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
  if (!error && fs::exists(root / "lib/cmake/GatehouseSDK/GatehouseSDKConfig.cmake", error)) {
    const bool isSearched = root == "/usr" || root == "/usr/local";
    return {"", isSearched ? "" : quoted(root.string())};
  }
  const bool isBuild = fs::exists(root / "cmake_install.cmake", error);
  return {"cmake --install " + (isBuild ? quoted(root.string()) : "GATEHOUSE/build/release") +
              " --component sdk --prefix \"$HOME/gatehouse-sdk\"",
          "\"$HOME/gatehouse-sdk\""};
}

std::vector<std::string> nextCommands(const std::string& folder) {
  const SdkPlace sdk = findSdk();
  std::vector<std::string> commands;
  if (!sdk.install.empty()) commands.push_back(sdk.install);
  commands.push_back("cd " + quoted(folder));
  commands.push_back("cmake -S . -B build" + (sdk.prefix.empty() ? "" : " -DCMAKE_PREFIX_PATH=" + sdk.prefix));
  commands.push_back("cmake --build build");
  commands.push_back("ctest --test-dir build --output-on-failure");
  return commands;
}

}  // namespace

int sdkNew(const Client&, Output& output, const Arguments& arguments) {
  const ProjectNames names = projectNames(arguments.id);
  const std::string folder = arguments.dir.empty() ? names.id : arguments.dir;
  const std::vector<std::string> files = writeProject(folder, templateFiles(arguments.kind), names);
  const std::vector<std::string> commands = nextCommands(folder);
  output.done({{"folder", fs::absolute(folder).lexically_normal().string()},
               {"channel", names.id},
               {"kind", arguments.kind},
               {"files", files},
               {"next", commands}},
              "A plugin for the channel " + names.id + " is in " + sentence(folder) + ". Build and test it:");
  if (output.isJson()) return kOk;
  for (const std::string& command : commands) output.line("  " + sentence(command));
  output.line("Then read its README.md: how to load it into a gateway, and what to change.");
  return kOk;
}

}  // namespace gw::cli
