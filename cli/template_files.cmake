# The files of each template, KIND/PATH below sdk/templates. One list for the build's dependencies and for
# embed_templates.cmake; a file that is missing here is not in anybody's new project.
set(GW_TEMPLATE_KINDS stream)
set(GW_TEMPLATE_FILES_stream CMakeLists.txt README.md my_channel.cpp my_channel.h my_channel_test.cpp plugin.cpp)
