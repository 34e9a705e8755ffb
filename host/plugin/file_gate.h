#pragma once
// File gate: which files may become plugins, and the private copy that is loaded in their stead.
//
// A file is opened once and everything is done on that descriptor, so that what was checked is what is
// copied. The way to it is walked from / with O_NOFOLLOW; each folder and the file must belong to root
// or to this process's user and must not be writable by group or others. One exception: a folder with
// the sticky bit (/tmp) may be writable by all, because what lies in it can only be replaced by its
// owner, and that owner is checked at the next step.
//
// Thread: [control], blocks on disk.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "elf/elf_inspect.h"

namespace gw::plugin {

using elf::PluginNote;

struct GateOptions {
  std::vector<std::string> pluginDirs;  // the file must lie directly or deeper in one of them; empty: anywhere
  uint64_t maxBytes = 64ull << 20;
};

struct VettedCopy {
  std::string path;    // <copiesDir>/<generation>-<sha256>.so, 0700
  std::string sha256;  // hex, of the copy
  PluginNote note;
};

/// Reads a file's note without copying or loading it; the same checks as vetAndCopy.
Result<PluginNote> inspectPluginFile(const std::string& file, const GateOptions& options);

/// Checks the file and copies it. Fails: kForbidden (ownership, mode, place), kInvalid (contents),
/// kNotFound, kUnavailable (disk); the message names the file and the reason. On failure no copy stays.
Result<VettedCopy> vetAndCopy(const std::string& file, const std::string& copiesDir, uint64_t generation,
                              const GateOptions& options);

/// [start-up] Makes copiesDir (0700, ours) and removes what an earlier run left. Fails if a page of a
/// file there cannot be mapped executable, naming the mount.
Result<void> prepareCopiesDir(const std::string& copiesDir);

}  // namespace gw::plugin
