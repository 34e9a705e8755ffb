#include "figures.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace gw::bench {

uint64_t nowNs() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return static_cast<uint64_t>(ts.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(ts.tv_nsec);
}

uint64_t cpuNs(pid_t pid) {
  // The scheduler's own count: `stat` has only hundredths of a second. Threads must outlive the measurement.
  uint64_t sum = 0;
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    uint64_t ns = 0;
    if (std::ifstream(task.path() / "schedstat") >> ns) sum += ns;
  }
  return sum;
}

uint64_t residentBytes(pid_t pid) {
  uint64_t pages = 0;
  uint64_t resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> pages >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

size_t openFiles(pid_t pid) {
  std::error_code gone;
  const std::filesystem::directory_iterator files("/proc/" + std::to_string(pid) + "/fd", gone);
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

size_t Latencies::bucketOf(uint64_t ns) {
  if (ns < kFine) return ns;
  const auto magnitude = static_cast<size_t>(std::bit_width(ns)) - 6;  // the top six bits stay
  return (magnitude + 1) * kFine + (ns >> magnitude) - kFine;
}

void Latencies::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  total_ = 0;
}

uint64_t Latencies::percentileNs(double percentile) const {
  if (total_ == 0) return 0;
  auto left = std::min(static_cast<uint64_t>(static_cast<double>(total_) * percentile), total_ - 1);
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] <= left) {
      left -= counts_[i];
      continue;
    }
    if (i < 2 * kFine) return i;
    const size_t magnitude = i / kFine - 1;
    return ((i % kFine + kFine + 1) << magnitude) - 1;
  }
  return 0;
}

}  // namespace gw::bench
