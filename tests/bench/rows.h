#pragma once
// The rows of the table: each runs the gateway and the ceiling in alternation and prints one line of markdown.

#include <string>

#include "client.h"

namespace gw::bench {

struct RowOptions {
  Target gateway;
  Target ceiling;
  uint32_t clients = 0;      // 0: the row's own number
  uint32_t rounds = 0;       // 0: the row's own number
  double seconds = 0;        // 0: the row's own length of one round
  bool gatewayOnly = false;  // for a profiler: no ceiling beside it
};

struct Row {
  const char* name;
  const char* work;
  const char* reach;
  /// Returns false if something was lost or doubled.
  bool (*run)(const Row& row, const RowOptions& options);
};

const Row* findRow(const std::string& name);
std::string rowNames();

}  // namespace gw::bench
