// gw-elf-check: says of plugin files what the gateway would say before it loads them. gw_add_plugin runs it after
// each link, so that a library that could never be unloaded is no build's result.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "elf/elf_inspect.h"

namespace {

enum ExitCode : int { kGood = 0, kRefused = 1, kUsage = 2 };

constexpr size_t kMostBytes = 64u << 20;  // as the gateway's gate

constexpr const char* kHelp =
    "gw-elf-check [--quiet] [--delete-refused] FILE...\n"
    "\n"
    "Reads each FILE as a Gatehouse gateway does before it loads a plugin: the note that names it, and whether it\n"
    "could be unloaded again. Nothing of it is run. Prints what the note says, or why the file is refused.\n"
    "\n"
    "  -q, --quiet        print refusals only\n"
    "  --delete-refused   delete each file that is refused, so that nothing goes on with it\n"
    "  -h, --help         this\n"
    "\n"
    "Exit: 0 all are good, 1 a file is refused, 2 usage, or a file cannot be read.\n";

struct Options {
  bool isQuiet = false;
  bool deletesRefused = false;
  std::vector<std::string> files;
};

/// Text of a file that nobody vouches for: no controls reach the terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out;
}

/// Null on success, else what to say of the file.
const char* read(const std::string& file, std::string& bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::strerror(errno);
  char piece[64 * 1024];
  while (bytes.size() <= kMostBytes && (in.read(piece, sizeof piece) || in.gcount() > 0)) {
    bytes.append(piece, static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) return "cannot be read";
  return bytes.size() > kMostBytes ? "longer than 64 MiB" : nullptr;
}

ExitCode check(const std::string& file, const Options& options) {
  std::string bytes;
  if (const char* problem = read(file, bytes); problem != nullptr) {
    std::fprintf(stderr, "gw-elf-check: %s: %s\n", file.c_str(), problem);
    return kUsage;
  }
  const gw::elf::Inspection found = gw::elf::inspectElf(bytes);
  if (found.ok()) {
    if (!options.isQuiet) {
      std::printf("%s: channel %s, version %s, SDK %s, plugin ABI %u\n", file.c_str(), found.note.id.c_str(),
                  printable(found.note.pluginVersion).c_str(), printable(found.note.sdkVersion).c_str(),
                  found.note.abiVersion);
    }
    return kGood;
  }
  std::fprintf(stderr, "gw-elf-check: %s %s\n", file.c_str(), printable(found.refusal).c_str());
  if (options.deletesRefused && std::remove(file.c_str()) != 0) {
    std::fprintf(stderr, "gw-elf-check: %s cannot be deleted: %s\n", file.c_str(), std::strerror(errno));
  }
  return kRefused;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  bool takesOptions = true;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!takesOptions || word.empty() || word.front() != '-') {
      options.files.emplace_back(word);
    } else if (word == "--") {
      takesOptions = false;
    } else if (word == "-q" || word == "--quiet") {
      options.isQuiet = true;
    } else if (word == "--delete-refused") {
      options.deletesRefused = true;
    } else if (word == "-h" || word == "--help") {
      std::fputs(kHelp, stdout);
      return kGood;
    } else {
      std::fprintf(stderr, "gw-elf-check: unknown option %s\n", argv[i]);
      return kUsage;
    }
  }
  if (options.files.empty()) {
    std::fputs(kHelp, stderr);
    return kUsage;
  }
  int worst = kGood;
  for (const std::string& file : options.files) {
    const int result = check(file, options);
    if (result > worst) worst = result;
  }
  return worst;
}
