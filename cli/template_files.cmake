# The files of each template, KIND/PATH below sdk/templates. One list for the build's dependencies and for
# embed_templates.cmake; a file that is missing here is not in anybody's new project.
set(GW_TEMPLATE_KINDS stream http)
foreach(kind ${GW_TEMPLATE_KINDS})
  set(GW_TEMPLATE_FILES_${kind} .gitignore CMakeLists.txt README.md my_channel.cpp my_channel.h my_channel_fuzz.cpp
    my_channel_test.cpp plugin.cpp)
endforeach()
