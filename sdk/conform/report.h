#pragma once
// What is told of verdicts: to a person, and to a CI system as JUnit XML.

#include <ostream>

#include "conform/command_line.h"
#include "conform/verdict.h"

namespace gw::conform {

void writeHead(std::ostream& out, const CommandLine& line);
void writeVerdict(std::ostream& out, const Verdict& verdict, const CommandLine& line);
void writeSum(std::ostream& out, const std::vector<Verdict>& verdicts);
void writeList(std::ostream& out);

/// One testsuite, one testcase for each check.
void writeJunit(std::ostream& out, const std::vector<Verdict>& verdicts, const CommandLine& line);

/// For XML text and attributes; what XML cannot hold (control bytes, broken UTF-8) becomes U+FFFD.
std::string xmlText(std::string_view text);

}  // namespace gw::conform
