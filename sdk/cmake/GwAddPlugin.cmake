# gw_add_plugin(NAME SOURCES file... [LINK lib...] [VERSION x] [OUTPUT file-name])
#
# A channel plugin: a shared library OUTPUT.so (default: NAME) that can be loaded beside an older
# generation of itself and unloaded without a trace. Each rule below was measured:
#   -fno-gnu-unique        one std::regex or inline static would keep the library mapped for ever
#   -fvisibility=hidden    or the new generation silently uses the old one's inline statics
#   version script         exports gw_plugin_entry only, and makes template instances local
#   -ftls-model            static TLS cannot be unloaded
#   -z,defs                an undefined symbol is found now, not under live clients
# A flag is used only where the compiler of the language accepts it (clang has no -fno-gnu-unique; the
# version script covers for it). The plugin goes to GW_PLUGIN_OUTPUT_DIRECTORY if that is set.
#
# After each link gw-elf-check looks at the file as a gateway's gate does. What it refuses fails the build with
# the reason, and the file is deleted.
include_guard()
include(CheckCompilerFlag)
include(CheckLinkerFlag)

# Compile options for a plugin's own code and for the static libraries it is made of.
function(gw_plugin_compile_options target)
  get_property(enabled GLOBAL PROPERTY ENABLED_LANGUAGES)
  foreach(language C CXX)
    if(NOT language IN_LIST enabled)
      continue()
    endif()
    set(flags -fvisibility=hidden -fno-gnu-unique -ftls-model=global-dynamic)
    if(language STREQUAL "CXX")
      list(APPEND flags -fvisibility-inlines-hidden)
    endif()
    foreach(flag ${flags})
      string(MAKE_C_IDENTIFIER "GW_HAS_${language}${flag}" has)
      check_compiler_flag(${language} ${flag} ${has})
      if(${has})
        target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:${language}>:${flag}>)
      endif()
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# The linker's options, with those that only some linkers know.
function(gw_plugin_link_options target)
  get_property(enabled GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(language C)
  if("CXX" IN_LIST enabled)
    set(language CXX)
  endif()
  set(options -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,--exclude-libs,ALL)
  # A sanitizer's runtime is the executable's, not the library's.
  if(NOT GW_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=")
    list(APPEND options -Wl,-z,defs)
  endif()
  foreach(flag ${options})
    string(MAKE_C_IDENTIFIER "GW_HAS${flag}" has)
    check_linker_flag(${language} ${flag} ${has})
    if(${has})
      target_link_options(${target} PRIVATE ${flag})
    endif()
  endforeach()
  set(exports ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/gw_plugin.map)
  target_link_options(${target} PRIVATE "-Wl,--version-script=${exports}")
  set_target_properties(${target} PROPERTIES LINK_DEPENDS "${exports}")
endfunction()

# Runs gw-elf-check after each link of the target.
function(gw_check_after_link target)
  if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(WARNING "gw_add_plugin(${target}): the plugin is not looked at after its link, because gw-elf-check of "
      "the machine it is built for cannot run on this one. Run `gw-elf-check FILE` there.")
  elseif(NOT TARGET gw::elf_check)
    message(WARNING "gw_add_plugin(${target}): the plugin is not looked at after its link, because the SDK has no "
      "gw-elf-check (target gw::elf_check). Install the whole component \"sdk\".")
  else()
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND gw::elf_check --quiet --delete-refused $<TARGET_FILE:${target}> VERBATIM)
  endif()
endfunction()

function(gw_add_plugin name)
  cmake_parse_arguments(ARG "" "VERSION;OUTPUT" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "gw_add_plugin(${name}): SOURCES is missing")
  endif()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gw_add_plugin(${name}): what is ${ARG_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT ARG_OUTPUT)
    set(ARG_OUTPUT ${name})
  endif()
  add_library(${name} MODULE ${ARG_SOURCES})
  get_property(enabled GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("C" IN_LIST enabled)
    target_compile_features(${name} PRIVATE c_std_11)
  endif()
  if("CXX" IN_LIST enabled)
    target_compile_features(${name} PRIVATE cxx_std_20)
  endif()
  target_link_libraries(${name} PRIVATE gw::sdk ${ARG_LINK})
  if(TARGET gw_build)
    target_link_libraries(${name} PRIVATE gw_build)  # in the gateway's tree: its warnings and sanitizers
  endif()
  gw_plugin_compile_options(${name})
  gw_plugin_link_options(${name})
  if(ARG_VERSION)
    target_compile_definitions(${name} PRIVATE GW_PLUGIN_VERSION="${ARG_VERSION}")
  endif()
  set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME ${ARG_OUTPUT} SUFFIX .so NO_SONAME ON)
  if(GW_PLUGIN_OUTPUT_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${GW_PLUGIN_OUTPUT_DIRECTORY})
  endif()
  gw_check_after_link(${name})
endfunction()
