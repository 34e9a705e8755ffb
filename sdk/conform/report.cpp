#include "conform/report.h"

#include <algorithm>
#include <iomanip>

namespace gw::conform {
namespace {

constexpr int kOutcomeWidth = 9;
constexpr int kIdWidth = 14;

const char* wordFor(Verdict::Outcome outcome) {
  switch (outcome) {
    case Verdict::Outcome::kPassed:
      return "passed";
    case Verdict::Outcome::kSkipped:
      return "skipped";
    default:
      return "FAILED";
  }
}

size_t countOf(const std::vector<Verdict>& verdicts, Verdict::Outcome outcome) {
  return static_cast<size_t>(std::count_if(verdicts.begin(), verdicts.end(),
                                           [&](const Verdict& verdict) { return verdict.outcome == outcome; }));
}

std::string secondsOf(std::chrono::milliseconds time) {
  const std::string digits = std::to_string(time.count() % 1000);
  return std::to_string(time.count() / 1000) + "." + std::string(3 - digits.size(), '0') + digits;
}

std::chrono::milliseconds timeOf(const std::vector<Verdict>& verdicts) {
  std::chrono::milliseconds all{0};
  for (const Verdict& verdict : verdicts) all += verdict.took;
  return all;
}

void indent(std::ostream& out, std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out << "    " << text.substr(0, end) << '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

/// The length of the UTF-8 character at the beginning that XML 1.0 may hold; 0 if there is none.
size_t characterLength(std::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const auto isNext = [&](size_t at) { return (byte(at) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first == '\t' || first == '\n' || first == '\r' || (first >= 0x20 && first < 0x7f)) return 1;
  if (first >= 0xC2 && first <= 0xDF && isNext(1)) return 2;
  if (first >= 0xE0 && first <= 0xEF && isNext(1) && isNext(2)) {
    const unsigned code = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    return code >= 0x800 && (code < 0xD800 || code > 0xDFFF) && code < 0xFFFE ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4 && isNext(1) && isNext(2) && isNext(3)) {
    const unsigned code = (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
    return code >= 0x10000 && code <= 0x10FFFF ? 4 : 0;
  }
  return 0;
}

}  // namespace

void writeHead(std::ostream& out, const CommandLine& line) {
  out << line.order.file << ": SDK " << GW_SDK_VERSION << ", seed " << line.order.seed << ", ";
  if (line.order.conversations.empty()) {
    out << "the usual conversations\n";
  } else {
    out << line.order.conversations.size()
        << (line.order.conversations.size() == 1 ? " conversation\n" : " conversations\n");
  }
}

void writeVerdict(std::ostream& out, const Verdict& verdict, const CommandLine& line) {
  out << std::left << std::setw(kOutcomeWidth) << wordFor(verdict.outcome) << std::setw(kIdWidth) << verdict.check->id
      << verdict.check->purpose;
  if (verdict.outcome == Verdict::Outcome::kSkipped) out << " (" << verdict.why << ")";
  if (line.isVerbose) out << ", " << secondsOf(verdict.took) << " s";
  out << '\n';
  if (verdict.outcome == Verdict::Outcome::kFailed) {
    indent(out, verdict.why);
    indent(out, std::string("rule:  ") + verdict.check->rule);
    indent(out, "again: " + commandFor(verdict, line.repeated));
  }
  indent(out, verdict.said);
  out.flush();
}

void writeSum(std::ostream& out, const std::vector<Verdict>& verdicts) {
  out << countOf(verdicts, Verdict::Outcome::kPassed) << " passed, " << countOf(verdicts, Verdict::Outcome::kFailed)
      << " failed, " << countOf(verdicts, Verdict::Outcome::kSkipped) << " skipped, in " << secondsOf(timeOf(verdicts))
      << " s\n";
}

void writeList(std::ostream& out) {
  for (const Check& check : allChecks())
    out << std::left << std::setw(kIdWidth) << check.id << check.purpose << '\n'
        << std::setw(kIdWidth) << "" << check.rule << '\n';
}

std::string xmlText(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = characterLength(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

void writeJunit(std::ostream& out, const std::vector<Verdict>& verdicts, const CommandLine& line) {
  const std::string file = xmlText(line.order.file);
  const auto counts = [&] {
    return " tests=\"" + std::to_string(verdicts.size()) + "\" failures=\"" +
           std::to_string(countOf(verdicts, Verdict::Outcome::kFailed)) + "\" errors=\"0\" skipped=\"" +
           std::to_string(countOf(verdicts, Verdict::Outcome::kSkipped)) + "\" time=\"" + secondsOf(timeOf(verdicts)) +
           "\"";
  }();
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" << counts << ">\n  <testsuite name=\"gw-conform "
      << file << "\"" << counts << ">\n    <properties>\n      <property name=\"seed\" value=\"" << line.order.seed
      << "\"/>\n      <property name=\"sdk\" value=\"" << GW_SDK_VERSION << "\"/>\n    </properties>\n";
  for (const Verdict& verdict : verdicts) {
    out << "    <testcase classname=\"gw-conform\" name=\"" << verdict.check->id << "\" time=\""
        << secondsOf(verdict.took) << "\"";
    if (verdict.outcome == Verdict::Outcome::kPassed) {
      out << "/>\n";
      continue;
    }
    out << ">\n";
    if (verdict.outcome == Verdict::Outcome::kSkipped)
      out << "      <skipped message=\"" << xmlText(verdict.why) << "\"/>\n";
    if (verdict.outcome == Verdict::Outcome::kFailed)
      out << "      <failure type=\"" << verdict.check->id << "\" message=\"" << xmlText(verdict.why)
          << "\">rule: " << xmlText(verdict.check->rule) << "\nagain: " << xmlText(commandFor(verdict, line.repeated))
          << "</failure>\n";
    if (!verdict.said.empty()) out << "      <system-err>" << xmlText(verdict.said) << "</system-err>\n";
    out << "    </testcase>\n";
  }
  out << "  </testsuite>\n</testsuites>\n";
}

}  // namespace gw::conform
