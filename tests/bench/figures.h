#pragma once
// What is measured: time, percentiles, and a process's CPU, memory and descriptors from /proc.

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gw::bench {

uint64_t nowNs();  // monotonic

/// CPU time of all threads so far. 0 if the process is gone.
uint64_t cpuNs(pid_t pid);
uint64_t residentBytes(pid_t pid);
size_t openFiles(pid_t pid);

double median(std::vector<double> values);

/// Latencies in buckets of 1/32 of their magnitude (about 3 %); fixed size, no allocation.
class Latencies {
 public:
  Latencies() : counts_(kBuckets) {}
  void add(uint64_t ns) { ++counts_[bucketOf(ns)], ++total_; }
  void clear();
  uint64_t total() const { return total_; }
  /// The upper end of the bucket in which the percentile (0..1) lies.
  uint64_t percentileNs(double percentile) const;

 private:
  static constexpr size_t kFine = 32;
  static constexpr size_t kBuckets = 64 * kFine;
  static size_t bucketOf(uint64_t ns);

  std::vector<uint64_t> counts_;
  uint64_t total_ = 0;
};

}  // namespace gw::bench
