#pragma once
// Schema version 1; see migrations.h.

#include <vector>

namespace gw::store {

extern const std::vector<const char*> kSchemaV1;

}  // namespace gw::store
