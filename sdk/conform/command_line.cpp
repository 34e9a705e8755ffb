#include "conform/command_line.h"

#include <getopt.h>

#include <charconv>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace gw::conform {
namespace {

enum Option : int {
  kOptions = 1000,
  kConversation,
  kCheck,
  kList,
  kSeed,
  kTimeout,
  kJunit,
  kVerbose,
  kInProcess,
  kHelp,
  kVersion,
  kChild
};

constexpr option kLong[] = {{"options", required_argument, nullptr, kOptions},
                            {"conversation", required_argument, nullptr, kConversation},
                            {"check", required_argument, nullptr, kCheck},
                            {"list", no_argument, nullptr, kList},
                            {"seed", required_argument, nullptr, kSeed},
                            {"timeout", required_argument, nullptr, kTimeout},
                            {"junit", required_argument, nullptr, kJunit},
                            {"verbose", no_argument, nullptr, kVerbose},
                            {"in-process", no_argument, nullptr, kInProcess},
                            {"help", no_argument, nullptr, kHelp},
                            {"version", no_argument, nullptr, kVersion},
                            {"child", required_argument, nullptr, kChild},
                            {nullptr, 0, nullptr, 0}};

constexpr uint64_t kMostSeconds = 3600;
constexpr size_t kMostOptionsBytes = 1024 * 1024;

uint64_t numberOf(const std::string& text, const char* option, uint64_t most) {
  uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || value > most)
    throw UsageError(std::string(option) + " expects a number of at most " + std::to_string(most) + ", got " + text);
  return value;
}

std::string optionsOf(const std::string& given) {
  if (!given.starts_with('@')) return given;
  std::ifstream in(given.substr(1), std::ios::binary);
  if (!in) throw UsageError("--options: " + given.substr(1) + " cannot be read");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > kMostOptionsBytes) throw UsageError("--options: " + given.substr(1) + " is too long");
  return text;
}

/// dlopen looks for a name without a slash elsewhere.
std::string absolute(const std::string& file) {
  char path[PATH_MAX];
  if (realpath(file.c_str(), path) == nullptr) throw UsageError(file + ": there is no such file");
  return path;
}

const Check* checkOf(const std::string& id) {
  if (const Check* check = findCheck(id)) return check;
  throw UsageError("there is no check " + id + "; --list names them");
}

class Reader {
 public:
  explicit Reader(CommandLine& line) : line_(line) {}

  void option(int code, const std::string& value) {
    switch (code) {
      case kOptions:
        line_.order.options = optionsOf(value);
        return repeat("--options", value);
      case kConversation:
        line_.order.conversations.push_back(readConversation(value));
        return repeat("--conversation", value);
      case kCheck:
        line_.checks.push_back(checkOf(value));
        return;
      case kSeed:
        line_.order.seed = numberOf(value, "--seed", UINT64_MAX);
        hasSeed_ = true;
        return;
      case kTimeout:
        line_.timeout = std::chrono::seconds(numberOf(value, "--timeout", kMostSeconds));
        if (line_.timeout.count() == 0) throw UsageError("--timeout expects at least one second");
        return repeat("--timeout", value);
      case kJunit:
        line_.junit = value;
        return;
      case kChild:
        line_.what = CommandLine::What::kChild;
        line_.checks = {checkOf(value)};
        return;
      default:
        flag(code);
    }
  }

  void finish(const std::vector<std::string>& files) {
    using What = CommandLine::What;
    if (line_.what != What::kRun && line_.what != What::kChild) return;
    if (files.size() != 1) throw UsageError("expected one plugin, as in: gw-conform build/my-channel.so");
    line_.order.file = absolute(files.front());
    if (!hasSeed_) line_.order.seed = std::random_device{}();
    repeat("--seed", std::to_string(line_.order.seed));
    line_.repeated.push_back(files.front());
    if (line_.checks.empty())
      for (const Check& check : allChecks()) line_.checks.push_back(&check);
    if (line_.isInProcess && line_.checks.size() != 1) throw UsageError("--in-process wants one --check");
  }

 private:
  void flag(int code) {
    using What = CommandLine::What;
    if (code == kList) line_.what = What::kList;
    if (code == kHelp) line_.what = What::kHelp;
    if (code == kVersion) line_.what = What::kVersion;
    if (code == kVerbose) line_.isVerbose = true;
    if (code == kInProcess) line_.isInProcess = true;
  }
  void repeat(const char* option, const std::string& value) {
    line_.repeated.emplace_back(option);
    line_.repeated.push_back(value);
  }

  CommandLine& line_;
  bool hasSeed_ = false;
};

}  // namespace

CommandLine readCommandLine(int argc, char** argv) {
  CommandLine line;
  Reader reader(line);
  opterr = 0;
  optind = 1;
  int code = 0;
  while ((code = getopt_long(argc, argv, ":", kLong, nullptr)) != -1) {
    const std::string word = argv[optind - 1];
    if (code == '?') throw UsageError("unknown option " + word + "; see gw-conform --help");
    if (code == ':') throw UsageError(word + " expects a value");
    reader.option(code, optarg == nullptr ? "" : optarg);
  }
  reader.finish({argv + optind, argv + argc});
  return line;
}

std::string helpText() {
  return R"(gw-conform tries a channel plugin against the contract of the Gatehouse SDK.

Usage: gw-conform [OPTIONS] FILE.so

Each check runs in a process of its own: a plugin that crashes or hangs fails that check, and the others go on.

  --options JSON|@FILE   the account's options (default: {})
  --conversation FILE    what a client says; may be repeated. Without one: lines of text, and every byte
  --check ID             only this check; may be repeated
  --list                 name the checks, what each proves and where the rule stands
  --seed N               repeat what was chosen at random (default: another one each time, which is printed)
  --timeout SECONDS      how long one check may take (default: 30)
  --junit FILE           write a JUnit XML report, too
  --verbose              show what each check says while it runs
  --in-process           run the one --check in this process, for a debugger
  --help, --version

Exit: 0 all passed or skipped, 1 some failed, 2 usage.
The format of conversations: docs/plugin-authors/conformance.md.
)";
}

}  // namespace gw::conform
