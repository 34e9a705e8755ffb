# find_package(GatehouseSdk): gw::sdk (headers), gw::fake_host (tests), gw_add_plugin().
include(${CMAKE_CURRENT_LIST_DIR}/GatehouseSdkTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/GwAddPlugin.cmake)
