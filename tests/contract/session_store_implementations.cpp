// Every store the gateway can run on.

#include <cstdlib>
#include <filesystem>

#include "contract/session_store_contract.h"
#include "store/postgres_store.h"
#include "support/memory_session_store.h"
#include "support/postgres_database.h"

namespace gw::store {
namespace {

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "gw-store-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

Implementation sqlite(const std::string& name, Durability durability) {
  return {name, [durability](std::shared_ptr<void>& hold) {
            auto folder = std::make_shared<Folder>();
            hold = folder;
            return sqliteFactory(folder->path + "/gateway.db", durability);
          }};
}

Implementation postgres(const std::string& name, Durability durability) {
  return {name,
          [durability](std::shared_ptr<void>&) { return postgresFactory(test::newPostgresDatabase(), durability); }};
}

Implementation memory() {
  return {"Memory", [](std::shared_ptr<void>&) { return std::unique_ptr<StoreFactory>(new MemoryFactory); }};
}

INSTANTIATE_TEST_SUITE_P(Stores, SessionStoreContract,
                         testing::Values(sqlite("Sqlite", Durability::kRelaxed),
                                         sqlite("SqliteStrict", Durability::kStrict),
                                         postgres("Postgres", Durability::kRelaxed),
                                         postgres("PostgresStrict", Durability::kStrict), memory()),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace gw::store
