# gw_build: what every target of this project is compiled with; and small functions that keep the
# folders' CMakeLists short. One target per folder; no global flags.
include_guard()
find_package(Threads REQUIRED)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(GW_PLUGIN_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)

add_library(gw_build INTERFACE)
target_compile_features(gw_build INTERFACE cxx_std_20 c_std_11)
target_compile_options(gw_build INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# g++ 12 at -O2 and above sees overlaps in plain string concatenation that are not there (GCC PR105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(gw_build INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
target_link_libraries(gw_build INTERFACE Threads::Threads)
if(GW_SANITIZE)
  target_compile_options(gw_build INTERFACE -fsanitize=${GW_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(gw_build INTERFACE -fsanitize=${GW_SANITIZE})
  if(GW_SANITIZE MATCHES "fuzzer")
    # How deep the stack is would be kept in static TLS, with which no plugin may be linked.
    target_compile_options(gw_build INTERFACE -fno-sanitize-coverage=stack-depth)
  endif()
  if(GW_SANITIZE MATCHES "undefined")
    # vptr looks at memory through a pipe: it reports nonsense in tests that use up all descriptors.
    target_compile_options(gw_build INTERFACE -fno-sanitize-recover=undefined -fno-sanitize=vptr)
  endif()
endif()
if(GW_COVERAGE)
  target_compile_options(gw_build INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(gw_build INTERFACE --coverage)
endif()

# gw_library(NAME sources... [LINK libs...]): a static library of one folder.
function(gw_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${name} PUBLIC gw_build ${ARG_LINK})
endfunction()

# gw_tests_unit, gw_tests_contract, gw_tests_integration: all programs of a label, for builds that run
# only some (scripts/test.sh asan -L unit).
foreach(label unit contract integration)
  add_custom_target(gw_tests_${label})
endforeach()

# gw_test(NAME sources... [LINK libs...] [LABEL unit|contract|integration] [TIMEOUT s]): a GoogleTest
# program; each of its tests is a ctest.
function(gw_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "LINK;ENV" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE gw_build ${ARG_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  if(TARGET gw_tests_${ARG_LABEL})
    add_dependencies(gw_tests_${ARG_LABEL} ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${ARG_ENV}")
endfunction()
