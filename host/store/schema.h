#pragma once
// Brings a database to the schema this program works with. Internal to host/store.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/migrations/migrations.h"

namespace gw::store {

class Sql;
struct Dialect;

/// The stored version is newer than this program knows.
class NewerSchema : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Applies the versions that are missing. The caller holds a transaction that keeps every other opener
/// out; two that open at once thus do it once. Throws NewerSchema, or what the database throws.
void migrate(Sql& sql, const Dialect& dialect, const std::vector<Migration>& versions, int64_t nowUs);

}  // namespace gw::store
