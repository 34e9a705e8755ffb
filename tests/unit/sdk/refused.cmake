# Does gw_add_plugin fail the build of a plugin that no gateway could load or unload, naming the reason, and leave no
# file behind? Builds each target of the project refused/ against the SDK in SDK. WORK: a folder for it.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${PROJECT} -B ${WORK} -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${SDK}
    -DCMAKE_C_COMPILER=${CC} -DCMAKE_BUILD_TYPE=Release
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result)
  message(FATAL_ERROR "${output}")
endif()

# expect_refusal(TARGET REASON)
function(expect_refusal target reason)
  foreach(attempt first second)  # a build that failed is not taken for done the next time
    execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK} --target ${target}
      RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result)
      message(FATAL_ERROR "${target} is built at the ${attempt} attempt:\n${output}")
    elseif(NOT output MATCHES "${reason}")
      message(FATAL_ERROR "${target}: expected \"${reason}\":\n${output}")
    elseif(EXISTS ${WORK}/${target}.so)
      message(FATAL_ERROR "${target}.so is there all the same")
    endif()
  endforeach()
endfunction()

expect_refusal(no_note "no_note.so carries no .note.gw note")
expect_refusal(no_entry "no_entry.so does not export gw_plugin_entry")
expect_refusal(static_tls "static_tls.so uses static TLS; build with -ftls-model=global-dynamic")
expect_refusal(exec_stack "exec_stack.so asks for an executable stack")
expect_refusal(nodelete "nodelete.so is linked NODELETE")
expect_refusal(text_relocation "text_relocation.so has text relocations; build with -fPIC")
expect_refusal(unresolved "undefined (reference to .|symbol: )nobody_has_this")

execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK} --target good
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result OR NOT EXISTS ${WORK}/good.so)
  message(FATAL_ERROR "good is not built:\n${output}")
endif()
