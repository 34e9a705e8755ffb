// gw-conform: tries a channel plugin against the contract of the SDK, one check at a time.
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include "conform/report.h"
#include "conform/runner.h"

namespace {

using namespace gw::conform;

int runAll(const CommandLine& line) {
  writeHead(std::cout, line);
  std::vector<Verdict> verdicts;
  int exit = kPassed;
  for (const Check* check : line.checks) {
    verdicts.push_back(runInChild(*check, line));
    writeVerdict(std::cout, verdicts.back(), line);
    if (verdicts.back().outcome == Verdict::Outcome::kFailed) exit = kFailed;
  }
  writeSum(std::cout, verdicts);
  if (line.junit.empty()) return exit;
  std::ofstream junit(line.junit, std::ios::trunc);
  writeJunit(junit, verdicts, line);
  junit.close();
  if (!junit) throw UsageError("--junit: " + line.junit + " cannot be written");
  return exit;
}

/// What a plugin has left in the process (threads, destructors of what is still loaded) is not asked any more.
[[noreturn]] void endAtOnce(int exit) {
  std::cout.flush();
  _exit(exit);
}

int run(int argc, char** argv) {
  const CommandLine line = readCommandLine(argc, argv);
  switch (line.what) {
    case CommandLine::What::kHelp:
      std::cout << helpText();
      return kPassed;
    case CommandLine::What::kVersion:
      std::cout << "gw-conform " GW_SDK_VERSION "\n";
      return kPassed;
    case CommandLine::What::kList:
      writeList(std::cout);
      return kPassed;
    case CommandLine::What::kChild:
      restrictOurselves(line.timeout);
      endAtOnce(runHere(*line.checks.front(), line.order, kTellFd));
    case CommandLine::What::kRun:
      if (line.isInProcess) endAtOnce(runHere(*line.checks.front(), line.order, STDOUT_FILENO));
      return runAll(line);
  }
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    std::cerr << "gw-conform: " << problem.what() << '\n';
    return kUsage;
  }
}
