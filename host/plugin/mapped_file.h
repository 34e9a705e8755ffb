#pragma once
// Whether a file's code is mapped into this process: the last word on whether a library was unloaded.

#include <string>

namespace gw::plugin {

/// True while any page of the file is mapped to be executed, also once its name is gone. Pages for reading alone do
/// not count: a profiler or a sanitizer keeps the symbols it has read from a library long after it is unloaded.
/// path: absolute; links on the way to it are followed, because the kernel names the file itself.
/// Thread: any; reads /proc/self/maps.
bool isCodeMapped(const std::string& path);

}  // namespace gw::plugin
