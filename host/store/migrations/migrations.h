#pragma once
// The schema's versions. A version, once released, is never edited: a change is a new version.
//
// Statements are written for SQLite and PostgreSQL alike; "{bytes}" stands for the dialect's type of
// binary columns. Conventions: times BIGINT microseconds UTC, booleans 0/1, ids and JSON as text, nothing
// is NULL.

#include <vector>

namespace gw::store {

struct Migration {
  int version;
  std::vector<const char*> statements;
};

/// In ascending order, without holes; the last one is what this program works with.
const std::vector<Migration>& migrations();
int latestSchema();

}  // namespace gw::store
