#pragma once
// ELF inspection: what can be known of a plugin file without loading it (dlopen already runs its
// constructors). Works on bytes in memory, follows what the loader would follow (program headers and
// the dynamic section, never the section headers), and treats every offset as hostile.
//
// Thread: any; pure.

// Shared by the host, which refuses a file by it, and by gw-elf-check, which refuses it when it is built.

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::elf {

/// What the note (gw/note.h) says.
struct PluginNote {
  uint32_t abiVersion = 0;
  uint32_t flags = 0;
  std::string sdkVersion;
  std::string id;
  std::string pluginVersion;
};

/// True for a channel id: ^[a-z][a-z0-9-]{0,31}$.
bool isChannelId(std::string_view id);

/// What is known of a file.
struct Inspection {
  PluginNote note;      // if it was not refused
  std::string refusal;  // the exact reason, to be read behind the file's name: "is not an ELF file"; empty: none
  bool ok() const { return refusal.empty(); }
};

/// Checks class and machine, the note and its ABI version, and that the file can be unloaded again: no
/// UNIQUE symbol, static TLS, TEXTREL or NODELETE, no executable stack, one exported symbol.
/// No build relaxes this: with the plugin build rules even sanitizers and gcov leave no symbol behind.
Inspection inspectElf(std::string_view file);

}  // namespace gw::elf
