# find_package(GatehouseBackend): gw::backend_client, the library for authors of backends.
include(CMakeFindDependencyMacro)
find_dependency(Poco COMPONENTS Foundation Net Data DataSQLite)
find_dependency(SQLite3)
include(${CMAKE_CURRENT_LIST_DIR}/GatehouseBackendTargets.cmake)
