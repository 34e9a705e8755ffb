# find_package(GatehouseSDK): gw::sdk (headers), gw::fake_host (tests), gw::elf_check (gw-elf-check), gw_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/GatehouseSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/GwAddPlugin.cmake)
