# gw_add_plugin(NAME SOURCES file... [LINK lib...] [VERSION x] [OUTPUT file-name])
#
# A channel plugin: a shared library OUTPUT.so (default: NAME) that can be loaded beside an older
# generation of itself and unloaded without a trace. Each rule below was measured:
#   -fno-gnu-unique        one std::regex or inline static would keep the library mapped for ever
#   -fvisibility=hidden    or the new generation silently uses the old one's inline statics
#   version script         exports gw_plugin_entry only, and makes template instances local
#   -ftls-model            static TLS cannot be unloaded
#   -z,defs                an undefined symbol is found now, not under live clients
# A flag is used only where the compiler accepts it (clang has no -fno-gnu-unique; the version script
# covers for it). The plugin goes to GW_PLUGIN_OUTPUT_DIRECTORY if that is set.
include_guard()
include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)

# Compile options for a plugin's own code and for the static libraries it is made of.
function(gw_plugin_compile_options target)
  foreach(flag -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique -ftls-model=global-dynamic)
    string(MAKE_C_IDENTIFIER "GW_HAS${flag}" has)
    check_cxx_compiler_flag(${flag} ${has})
    if(${has})
      target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${flag}>)
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
endfunction()

function(gw_add_plugin name)
  cmake_parse_arguments(ARG "" "VERSION;OUTPUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "gw_add_plugin(${name}): SOURCES is missing")
  endif()
  if(NOT ARG_OUTPUT)
    set(ARG_OUTPUT ${name})
  endif()
  add_library(${name} MODULE ${ARG_SOURCES})
  target_compile_features(${name} PRIVATE cxx_std_20 c_std_11)
  target_link_libraries(${name} PRIVATE gw::sdk ${ARG_LINK})
  gw_plugin_compile_options(${name})
  if(ARG_VERSION)
    target_compile_definitions(${name} PRIVATE GW_PLUGIN_VERSION="${ARG_VERSION}")
  endif()

  set(options -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,--exclude-libs,ALL)
  if(NOT GW_SANITIZE)
    list(APPEND options -Wl,-z,defs)  # a sanitizer's runtime is the executable's, not the library's
  endif()
  foreach(flag ${options})
    string(MAKE_C_IDENTIFIER "GW_HAS${flag}" has)
    check_linker_flag(CXX ${flag} ${has})
    if(${has})
      target_link_options(${name} PRIVATE ${flag})
    endif()
  endforeach()
  set(exports ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/gw_plugin.map)
  target_link_options(${name} PRIVATE -Wl,--version-script=${exports})
  set_target_properties(${name} PROPERTIES
      PREFIX "" OUTPUT_NAME ${ARG_OUTPUT} SUFFIX .so NO_SONAME ON LINK_DEPENDS ${exports})
  if(GW_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${GW_PLUGIN_OUTPUT_DIRECTORY})
  endif()
endfunction()
