# Builds and tests a project against the SDK that is installed in SDK: PROJECT, a folder; or one that SDK's gwctl
# makes: KIND and CHANNEL. WORK is a folder for it. LINK_FLAGS: what the installed FakeHost needs of its programs
# (--coverage if it was built so).
function(run)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env CC=${CC} CXX=${CXX} CMAKE_GENERATOR=${GENERATOR} LDFLAGS=${LINK_FLAGS}
      CMAKE_BUILD_TYPE=Debug CMAKE_C_COMPILER_LAUNCHER=${LAUNCHER} CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${ARGN}
    WORKING_DIRECTORY ${WORK} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
if(KIND)
  # What it says to type next is typed, as it stands.
  run(${SDK}/bin/gwctl sdk new ${CHANNEL} --kind ${KIND} --dir "a folder/${CHANNEL}" --json)
  string(JSON count LENGTH "${output}" next)
  math(EXPR last "${count} - 1")
  set(script "set -e")
  foreach(i RANGE ${last})
    string(JSON command GET "${output}" next ${i})
    string(APPEND script "\n${command}")
  endforeach()
  run(sh -c "${script}")
  if(NOT EXISTS "${WORK}/a folder/${CHANNEL}/build/${CHANNEL}.so")
    message(FATAL_ERROR "there is no ${CHANNEL}.so after\n${script}")
  endif()
else()
  run(${CMAKE_COMMAND} -S ${PROJECT} -B ${WORK}/build -DCMAKE_PREFIX_PATH=${SDK})
  run(${CMAKE_COMMAND} --build ${WORK}/build)
  run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build --output-on-failure)
endif()
