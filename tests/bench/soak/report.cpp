#include "soak/report.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace gw::bench {
namespace {

constexpr uint64_t kResidentSlack = 8u << 20;  // beside a twentieth
constexpr uint64_t kMapLineSlack = 32;

double milliseconds(uint64_t ns) { return static_cast<double>(ns) / 1e6; }
double megabytes(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

template <typename Get>
std::vector<uint64_t> valuesOf(const std::vector<ReloadResult>& reloads, Get get) {
  std::vector<uint64_t> values;
  for (const ReloadResult& reload : reloads) values.push_back(get(reload));
  return values;
}

uint64_t percentile(std::vector<uint64_t> values, size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[(values.size() - 1) * percent / 100];
}

/// The medians of the second and the last quarter: the first one is when everything is met for the first time.
std::pair<uint64_t, uint64_t> ends(const std::vector<uint64_t>& values) {
  const auto quarter = static_cast<std::ptrdiff_t>(values.size() / 4);
  return {percentile({values.begin() + quarter, values.begin() + 2 * quarter}, 50),
          percentile({values.end() - quarter, values.end()}, 50)};
}

class Table {
 public:
  Table() { std::printf("| | | must be |\n|---|---|---|\n"); }
  ~Table() { std::fflush(stdout); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void row(const std::string& what, const std::string& figure, const std::string& must = "", bool isGood = true) {
    std::printf("| %s | %s%s | %s |\n", what.c_str(), figure.c_str(), isGood ? "" : " **FAILED**", must.c_str());
    isAllGood = isAllGood && isGood;
  }
  void none(const std::string& what, uint64_t count) { row(what, std::to_string(count), "0", count == 0); }

  bool isAllGood = true;
};

std::string text(const char* format, double a, double b = 0, double c = 0) {
  char line[128];
  std::snprintf(line, sizeof line, format, a, b, c);
  return line;
}

void printClients(Table& table, const SoakReport& report) {
  std::string kinds;
  for (size_t wire = 0; wire < kWires; ++wire)
    if (report.mix.of[wire] > 0)
      kinds +=
          (kinds.empty() ? "" : ", ") + std::to_string(report.mix.of[wire]) + " " + nameOf(static_cast<Wire>(wire));
  table.row("clients, all playing", std::to_string(report.mix.all()) + ": " + kinds);
  table.row("length, loops of the gateway", text("%.0f s, %.0f", report.seconds, report.loops));
}

void printTimes(Table& table, const std::string& when, const Latencies& with, const Latencies& without) {
  const double before = milliseconds(without.percentileNs(0.99));
  const double ratio = before > 0 ? milliseconds(with.percentileNs(0.99)) / before : 0;
  table.row(when + ": p50; p99; p99 to p99 without",
            text("%.1f ms; %.1f ms; %.2f", milliseconds(with.percentileNs(0.5)), milliseconds(with.percentileNs(0.99)),
                 ratio),
            "aim: at most 2");
}

void printTraffic(Table& table, const SoakFigures& traffic) {
  table.row("lines to all; heard", std::to_string(traffic.linesSaid) + "; " + std::to_string(traffic.linesHeard));
  table.row(
      "messages told; answers; heard by neighbours",
      std::to_string(traffic.told) + "; " + std::to_string(traffic.answered) + "; " + std::to_string(traffic.heard));
  table.row("of these cut in two; turns skipped because answers were owed",
            std::to_string(traffic.cut) + "; " + std::to_string(traffic.skipped));
  table.none("connections dropped", traffic.dropped);
  table.none("lost", traffic.lines.lost + traffic.answers.lost + traffic.tells.lost);
  table.none("doubled", traffic.lines.doubled + traffic.answers.doubled + traffic.tells.doubled + traffic.seqFaults);
  table.none("reordered", traffic.lines.reordered + traffic.answers.reordered + traffic.tells.reordered);
  table.none("misdelivered; POST /rpc refused", traffic.misdelivered + traffic.refused);
  table.row("answers without a reload: p50; p99",
            text("%.1f ms; %.1f ms", milliseconds(traffic.between.percentileNs(0.5)),
                 milliseconds(traffic.between.percentileNs(0.99))));
  printTimes(table, "during a reload", traffic.during, traffic.between);
  printTimes(table, "of these, while connections were moved", traffic.moving, traffic.between);
}

void printReloads(Table& table, const SoakReport& report) {
  std::map<std::string, std::map<std::string, int>> outcomes;
  std::map<std::string, uint64_t> reasons;
  uint64_t moved = 0, stayed = 0, problems = 0;
  for (const ReloadResult& reload : report.reloads) {
    ++outcomes[factsOf(reload.planned.kind).name][reload.outcome];
    moved += reload.moved;
    if (putsNewCode(reload.planned.kind)) stayed += reload.stayed;
    for (const auto& [why, count] : reload.reasons)
      if (putsNewCode(reload.planned.kind)) reasons[why] += count;
    problems += !reload.problem.empty();
  }
  for (const auto& [kind, counts] : outcomes) {
    std::string each;
    for (const auto& [outcome, count] : counts)
      each +=
          (each.empty() ? "" : ", ") + std::to_string(count) + " " + (outcome.empty() ? "without a report" : outcome);
    table.row("reloads: " + kind, each);
  }
  table.row("reloads", std::to_string(report.reloads.size()), std::to_string(report.planned),
            report.reloads.size() == report.planned);
  table.none("reloads that did not end as they must", problems);
  std::string why;
  for (const auto& [reason, count] : reasons) why += "; " + std::to_string(count) + ": " + reason;
  table.row("connections moved; stayed", std::to_string(moved) + "; " + std::to_string(stayed) + why);
  const auto took = valuesOf(report.reloads, [](const auto& reload) { return reload.tookMs; });
  table.row("a reload took, p50; p99; most",
            text("%.0f ms; %.0f ms; %.0f ms", static_cast<double>(percentile(took, 50)),
                 static_cast<double>(percentile(took, 99)), static_cast<double>(percentile(took, 100))));
  const auto pauses = valuesOf(report.reloads, [](const auto& reload) { return reload.pauseP99Us; });
  const auto longest = valuesOf(report.reloads, [](const auto& reload) { return reload.pauseMaxUs; });
  table.row("a loop busy with it at a time, median p99; most",
            text("%.1f ms; %.1f ms", static_cast<double>(percentile(pauses, 50)) / 1e3,
                 static_cast<double>(percentile(longest, 100)) / 1e3));
}

void printMemory(Table& table, const SoakReport& report) {
  const auto resident = ends(valuesOf(report.reloads, [](const auto& reload) { return reload.residentBytes; }));
  const auto lines = ends(valuesOf(report.reloads, [](const auto& reload) { return uint64_t{reload.mapLines}; }));
  const bool isFlat = resident.second <= resident.first + resident.first / 20 + kResidentSlack;
  table.row("resident memory, second quarter; last quarter",
            text("%.1f MiB; %.1f MiB", megabytes(resident.first), megabytes(resident.second)),
            report.comparesMemory ? "flat" : "not compared under a sanitizer", isFlat || !report.comparesMemory);
  table.row("mappings, second quarter; last quarter", std::to_string(lines.first) + "; " + std::to_string(lines.second),
            report.comparesMemory ? "flat" : "not compared under a sanitizer",
            lines.second <= lines.first + kMapLineSlack || !report.comparesMemory);
  const auto libraries = valuesOf(report.reloads, [](const auto& reload) { return uint64_t{reload.libraries}; });
  table.row(
      "libraries of generations mapped at the end; most after a reload",
      std::to_string(libraries.empty() ? 0 : libraries.back()) + "; " + std::to_string(percentile(libraries, 100)));
  const size_t leaks = report.expectsLeak ? 1 : 0;
  const std::string must = std::to_string(leaks) + (leaks > 0 ? ": the one that never unmaps" : "");
  table.row("libraries reported as leaked", std::to_string(report.leaked),
            report.looksAtLibraries ? must : "not compared: ThreadSanitizer's runtime may keep them mapped",
            report.leaked == leaks || !report.looksAtLibraries);
}

void tellProblems(const SoakReport& report) {
  for (const std::string& problem : report.traffic.problems) std::fprintf(stderr, "soak: %s\n", problem.c_str());
  for (size_t i = 0; i < report.reloads.size(); ++i) {
    const ReloadResult& reload = report.reloads[i];
    if (reload.problem.empty()) continue;
    std::fprintf(stderr, "soak: reload %zu of %s (%s): %s\n", i + 1, reload.planned.channel.c_str(),
                 factsOf(reload.planned.kind).name, reload.problem.c_str());
  }
}

}  // namespace

bool print(const SoakReport& report) {
  Table table;
  printClients(table, report);
  printTraffic(table, report.traffic);
  printReloads(table, report);
  printMemory(table, report);
  table.row("exit code of the gateway", std::to_string(report.exitCode), "0", report.exitCode == 0);
  tellProblems(report);
  return table.isAllGood;
}

}  // namespace gw::bench
