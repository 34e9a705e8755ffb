#pragma once
// The store on a PostgreSQL server.

#include <memory>

#include "store/postgres_options.h"
#include "store/session_store.h"

namespace gw::store {

/// The database must exist and its user must own it or a schema in it. A lost connection is replaced at the
/// next call; what a lost server takes is bounded by the options' timeouts.
std::unique_ptr<StoreFactory> postgresFactory(const PostgresOptions& options,
                                              Durability durability = Durability::kRelaxed);

}  // namespace gw::store
