#include "store/migrations/migrations.h"

#include "store/migrations/v1.h"
#include "store/migrations/v2.h"
#include "store/migrations/v3.h"

namespace gw::store {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> all = {{1, kSchemaV1}, {2, kSchemaV2}, {3, kSchemaV3}};
  return all;
}

int latestSchema() { return migrations().back().version; }

}  // namespace gw::store
