#include "rows.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <vector>

#include "fleet.h"

namespace gw::bench {
namespace {

constexpr size_t kTextBytes = 100;
constexpr uint32_t kLoginsUnderWay = 64;

template <typename T>
T orElse(T given, T otherwise) {
  return given != T{} ? given : otherwise;
}

double megabytes(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

/// Both servers' rounds, and what is printed of them.
struct Pairs {
  std::vector<double> gateway, ceiling, ratio, gatewayCpu, ceilingCpu;
  uint64_t faults = 0;

  void add(double gatewayFigure, double ceilingFigure, double gatewayCpuPerMillion, double ceilingCpuPerMillion) {
    gateway.push_back(gatewayFigure);
    ceiling.push_back(ceilingFigure);
    ratio.push_back(ceilingFigure > 0 ? gatewayFigure / ceilingFigure : 0);
    gatewayCpu.push_back(gatewayCpuPerMillion);
    ceilingCpu.push_back(ceilingCpuPerMillion);
    std::fprintf(stderr, "  round: %.0f / %.0f = %.2f; CPU s/M %.2f / %.2f\n", gatewayFigure, ceilingFigure,
                 ratio.back(), gatewayCpuPerMillion, ceilingCpuPerMillion);
  }
};

bool print(const Row& row, const Pairs& pairs, const char* unit, uint64_t residentBytes, const std::string& more = {}) {
  std::printf("| %s | %s | %.0f %s | %.0f %s | **%.2f** | %.2f / %.2f | %.0f MiB | %s%s |\n", row.work, row.reach,
              median(pairs.gateway), unit, median(pairs.ceiling), unit, median(pairs.ratio), median(pairs.gatewayCpu),
              median(pairs.ceilingCpu), megabytes(residentBytes),
              pairs.faults == 0 ? "nothing lost" : "LOST OR DOUBLED", more.c_str());
  std::fflush(stdout);
  return pairs.faults == 0;
}

uint64_t faultsOf(const Fleet& fleet) { return fleet.lost + fleet.doubled; }

// The ceiling sends as many bytes per message as the gateway was just seen to send.
void matchUnits(Fleet& gateway, Fleet& ceiling) {
  ceiling.control("size " + std::to_string(static_cast<uint64_t>(gateway.unitBytes() + 0.5)));
}

std::unique_ptr<Fleet> fleetOf(const Target& target, Wire wire, uint32_t clients) {
  auto fleet = std::make_unique<Fleet>(target, wire);
  fleet->open(clients, kLoginsUnderWay);
  fleet->settle(300);
  fleet->ackAll();
  return fleet;
}

bool fanOut(const Row& row, const RowOptions& options, Wire wire, uint32_t window) {
  const uint32_t clients = orElse(options.clients, 1000u);
  const double seconds = orElse(options.seconds, 1.0);
  const auto gateway = fleetOf(options.gateway, wire, clients);
  gateway->fanOut(window, seconds / 2, kTextBytes);  // warm-up
  std::unique_ptr<Fleet> ceiling;
  if (!options.gatewayOnly) {
    ceiling = fleetOf(options.ceiling, wire, clients);
    matchUnits(*gateway, *ceiling);
    ceiling->fanOut(window, seconds / 2, kTextBytes);
  }
  Pairs pairs;
  for (uint32_t round = 0; round < orElse(options.rounds, 7u); ++round) {
    const Outcome ours = gateway->fanOut(window, seconds, kTextBytes);
    const Outcome bare = ceiling ? ceiling->fanOut(window, seconds, kTextBytes) : Outcome{};
    pairs.add(ours.rate(), bare.rate(), ours.cpuPerMillion(), bare.cpuPerMillion());
  }
  const uint64_t resident = residentBytes(options.gateway.pid);
  char more[96];
  std::snprintf(more, sizeof more, "; %.0f / %.0f bytes a message", gateway->unitBytes(),
                ceiling ? ceiling->unitBytes() : 0);
  pairs.faults = faultsOf(*gateway) + (ceiling ? faultsOf(*ceiling) : 0);
  gateway->closeAll();
  if (ceiling) ceiling->closeAll();
  return print(row, pairs, "/s", resident, more);
}

bool fanOutOne(const Row& row, const RowOptions& options) { return fanOut(row, options, Wire::kWebSocket, 1); }
bool fanOutSixteen(const Row& row, const RowOptions& options) { return fanOut(row, options, Wire::kWebSocket, 16); }
bool fanOutSse(const Row& row, const RowOptions& options) { return fanOut(row, options, Wire::kSse, 1); }
bool fanOutTelnet(const Row& row, const RowOptions& options) { return fanOut(row, options, Wire::kTelnet, 1); }

// One server at a time: the two fleets together would need more descriptors than a process has.
bool fanOutPaced(const Row& row, const RowOptions& options) {
  const uint32_t clients = orElse(options.clients, 10000u);
  const double seconds = orElse(options.seconds, 5.0);
  constexpr double kPerSecond = 20;
  Pairs pairs;
  uint64_t late = 0;
  double behind = 0;  // how long after the last message was due everyone had it
  uint64_t unit = 300;
  uint64_t resident = 0;
  const auto once = [&](const Target& target, uint64_t& p99, double& cpu) {
    const auto fleet = fleetOf(target, Wire::kWebSocket, clients);
    if (&target == &options.ceiling) fleet->control("size " + std::to_string(unit));
    fleet->paced(kPerSecond, 1, kTextBytes);
    const Outcome out = fleet->paced(kPerSecond, seconds, kTextBytes);
    p99 = fleet->latencies().percentileNs(0.99) / 1000;
    cpu = out.cpuPerMillion();
    if (&target == &options.gateway) {
      late += out.lateMessages;
      behind = std::max(behind, out.seconds - seconds);
      unit = static_cast<uint64_t>(fleet->unitBytes() + 0.5);
      resident = std::max(resident, residentBytes(target.pid));
    }
    pairs.faults += faultsOf(*fleet);
    fleet->closeAll();
  };
  for (uint32_t round = 0; round < orElse(options.rounds, 3u); ++round) {
    uint64_t ours = 0, bare = 0;
    double oursCpu = 0, bareCpu = 0;
    once(options.gateway, ours, oursCpu);
    if (!options.gatewayOnly) once(options.ceiling, bare, bareCpu);
    pairs.add(static_cast<double>(ours), static_cast<double>(bare), oursCpu, bareCpu);
  }
  const bool isKept = late == 0 && behind < 1;
  return print(row, pairs, "µs p99", resident, isKept ? "; rate kept" : "; RATE NOT KEPT");
}

/// isCeiling: the second server is one, and is told how much to send; else it is a gateway, too.
bool echoWith(const Row& row, const RowOptions& options, bool isPing, bool isCeiling = true) {
  const uint32_t clients = orElse(options.clients, 100u);
  const double seconds = orElse(options.seconds, 1.0);
  const auto gateway = fleetOf(options.gateway, Wire::kWebSocket, clients);
  gateway->echo(seconds / 2, kTextBytes, isPing);
  std::unique_ptr<Fleet> ceiling;
  if (!options.gatewayOnly) {
    ceiling = fleetOf(options.ceiling, Wire::kWebSocket, clients);
    if (isCeiling) matchUnits(*gateway, *ceiling);
    ceiling->echo(seconds / 2, kTextBytes, isPing);
  }
  Pairs pairs;
  for (uint32_t round = 0; round < orElse(options.rounds, 7u); ++round) {
    const Outcome ours = gateway->echo(seconds, kTextBytes, isPing);
    const Outcome bare = ceiling ? ceiling->echo(seconds, kTextBytes, isPing) : Outcome{};
    pairs.add(ours.rate(), bare.rate(), ours.cpuPerMillion(), bare.cpuPerMillion());
  }
  pairs.faults = faultsOf(*gateway) + (ceiling ? faultsOf(*ceiling) : 0);
  const uint64_t resident = residentBytes(options.gateway.pid);
  gateway->closeAll();
  if (ceiling) ceiling->closeAll();
  return print(row, pairs, "/s", resident);
}

bool echo(const Row& row, const RowOptions& options) { return echoWith(row, options, false); }
bool echoPing(const Row& row, const RowOptions& options) { return echoWith(row, options, true); }
bool echoByLink(const Row& row, const RowOptions& options) { return echoWith(row, options, false, false); }

bool memory(const Row& row, const RowOptions& options) {
  const uint32_t clients = orElse(options.clients, 10000u);
  const uint32_t warm = std::min(100u, clients / 2);
  Fleet fleet(options.gateway, Wire::kWebSocket);
  const auto rest = [&] {
    fleet.settle(1500);  // the lobby's summaries come once a second
    fleet.ackAll();
    fleet.settle(500);
    return residentBytes(options.gateway.pid);
  };
  fleet.open(warm, kLoginsUnderWay);
  const uint64_t before = rest();
  fleet.open(clients - warm, kLoginsUnderWay);
  const uint64_t after = rest();
  const double each = static_cast<double>(after - before) / static_cast<double>(clients - warm);
  const bool isGood = faultsOf(fleet) == 0;
  fleet.closeAll();
  std::printf("| %s | %s | %.0f bytes | – | – | – | %.0f MiB | from %.0f MiB at %u connections |\n", row.work,
              row.reach, each, megabytes(after), megabytes(before), warm);
  return isGood;
}

bool connects(const Row& row, const RowOptions& options) {
  const uint32_t clients = orElse(options.clients, 10000u);
  Pairs pairs;
  uint64_t helloBytes = 2000;
  uint64_t resident = 0;
  const auto once = [&](const Target& target, double& rate, double& cpu) {
    Fleet fleet(target, Wire::kWebSocket);
    if (&target == &options.ceiling) fleet.control("hello " + std::to_string(helloBytes));
    const uint64_t cpuBefore = cpuNs(target.pid);
    const uint64_t start = nowNs();
    fleet.open(clients, kLoginsUnderWay);
    rate = clients / (static_cast<double>(nowNs() - start) / 1e9);
    cpu = static_cast<double>(cpuNs(target.pid) - cpuBefore) / 1e3 / clients;
    fleet.settle(300);
    if (&target == &options.gateway) helloBytes = static_cast<uint64_t>(fleet.bytesReadPerClient());
    resident = std::max(resident, residentBytes(options.gateway.pid));
    pairs.faults += faultsOf(fleet);
    fleet.closeAll();
  };
  for (uint32_t round = 0; round < orElse(options.rounds, 3u); ++round) {
    double ours = 0, bare = 0, oursCpu = 0, bareCpu = 0;
    once(options.gateway, ours, oursCpu);
    if (!options.gatewayOnly) once(options.ceiling, bare, bareCpu);
    pairs.add(ours, bare, oursCpu, bareCpu);
  }
  return print(row, pairs, "/s", resident, "; " + std::to_string(helloBytes) + " bytes each");
}

bool cycles(const Row& row, const RowOptions& options) {
  const uint32_t underWay = orElse(options.clients, 50u);
  const double seconds = orElse(options.seconds, 1.5);
  Fleet gateway(options.gateway, Wire::kWebSocket);
  gateway.cycles(underWay, seconds / 2);
  std::unique_ptr<Fleet> ceiling;
  if (!options.gatewayOnly) {
    ceiling = std::make_unique<Fleet>(options.ceiling, Wire::kWebSocket);
    ceiling->cycles(underWay, seconds / 2);
  }
  Pairs pairs;
  for (uint32_t round = 0; round < orElse(options.rounds, 5u); ++round) {
    const Outcome ours = gateway.cycles(underWay, seconds);
    const Outcome bare = ceiling ? ceiling->cycles(underWay, seconds) : Outcome{};
    pairs.add(ours.rate(), bare.rate(), ours.cpuPerMillion(), bare.cpuPerMillion());
  }
  pairs.faults = faultsOf(gateway) + (ceiling ? faultsOf(*ceiling) : 0);
  return print(row, pairs, "/s", residentBytes(options.gateway.pid));
}

// The same fleet without and with stalled readers; then they must be cut off, within what a queue may hold.
bool stalled(const Row& row, const RowOptions& options) {
  constexpr uint32_t kStalled = 20;
  constexpr uint64_t kHardBytes = 4u << 20;
  constexpr double kPerSecond = 60;
  constexpr size_t kBigText = 6000;
  const uint32_t clients = orElse(options.clients, 500u);
  const double seconds = orElse(options.seconds, 8.0);
  Fleet fleet(options.gateway, Wire::kWebSocket);
  Pairs pairs;
  uint64_t most = 0;
  fleet.open(clients - kStalled, kLoginsUnderWay);
  for (uint32_t round = 0; round < orElse(options.rounds, 3u); ++round) {
    fleet.paced(kPerSecond, 1, kBigText);
    const Outcome without = fleet.paced(kPerSecond, seconds, kBigText);
    const auto p99Without = static_cast<double>(fleet.latencies().percentileNs(0.99)) / 1000;
    fleet.open(kStalled, kStalled, 4096);
    fleet.settle(300);
    const size_t files = openFiles(options.gateway.pid);
    const uint64_t before = residentBytes(options.gateway.pid);
    fleet.stallLast(kStalled);
    const Outcome with = fleet.paced(kPerSecond, 60, kBigText, [&] {
      most = std::max(most, residentBytes(options.gateway.pid) - std::min(before, residentBytes(options.gateway.pid)));
      return openFiles(options.gateway.pid) + kStalled <= files;
    });
    const auto p99With = static_cast<double>(fleet.latencies().percentileNs(0.99)) / 1000;
    if (with.seconds >= 60 || !fleet.stalledWereCutOff()) ++pairs.faults;
    pairs.add(p99With, p99Without, with.cpuPerMillion(), without.cpuPerMillion());
  }
  pairs.faults += faultsOf(fleet);
  if (most > kHardBytes * kStalled) ++pairs.faults;
  char more[96];
  std::snprintf(more, sizeof more, "; %.1f MiB more for %u stalled, then cut off", megabytes(most), kStalled);
  fleet.closeAll();
  return print(row, pairs, "µs p99", residentBytes(options.gateway.pid), more);
}

const Row kRows[] = {
    {"fanout1", "fan-out to 1,000, one message under way", "≥ 0.85, CPU ≤ 1.2 ×", &fanOutOne},
    {"fanout16", "fan-out to 1,000, sixteen under way", "≥ 5", &fanOutSixteen},
    {"paced", "fan-out to 10,000, 20 messages/s", "p99 ≤ 1.5", &fanOutPaced},
    {"echo", "echo through session, JSON and lobby, 100 clients", "≥ 0.5", &echo},
    {"link", "echo by a backend on the link; beside it the lobby's, 100 clients", "≥ 0.35", &echoByLink},
    {"ping", "echo by the session alone (ping), 100 clients", "–", &echoPing},
    {"memory", "idle memory per connection with session, 10,000", "≤ 4 KiB", &memory},
    {"connects", "connects to 10,000", "≥ 0.4", &connects},
    {"cycles", "connect-hello-close cycles, 50 at a time", "≥ 0.45", &cycles},
    {"sse", "SSE fan-out to 1,000, one under way", "≥ 0.8", &fanOutSse},
    {"telnet", "telnet fan-out to 1,000, one under way", "≥ 0.8", &fanOutTelnet},
    {"stalled", "20 stalled readers among 500 (ceiling: without them)", "p99 ≤ 1.2", &stalled},
};

}  // namespace

const Row* findRow(const std::string& name) {
  const auto found = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& row) { return row.name == name; });
  return found == std::end(kRows) ? nullptr : found;
}

std::string rowNames() {
  std::string names;
  for (const Row& row : kRows) names.append(names.empty() ? "" : " ").append(row.name);
  return names;
}

}  // namespace gw::bench
