#pragma once
// Schema version 2; see migrations.h.

#include <vector>

namespace gw::store {

extern const std::vector<const char*> kSchemaV2;

}  // namespace gw::store
