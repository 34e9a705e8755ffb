#pragma once
// Schema version 3; see migrations.h.

#include <vector>

namespace gw::store {

extern const std::vector<const char*> kSchemaV3;

}  // namespace gw::store
