#pragma once
// Whether a file is mapped into this process: the last word on whether a library was unloaded.

#include <string>

namespace gw::plugin {

/// True while any page of the file is mapped, also once its name is gone. path: absolute; links on the way to it are
/// followed, because the kernel names the file itself.
/// Thread: any; reads /proc/self/maps.
bool isFileMapped(const std::string& path);

}  // namespace gw::plugin
