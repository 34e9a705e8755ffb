#pragma once
// ELF inspection: what can be known of a plugin file without loading it (dlopen already runs its
// constructors). Works on bytes in memory, follows what the loader would follow (program headers and
// the dynamic section, never the section headers), and treats every offset as hostile.
//
// Thread: any; pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gw::plugin {

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

/// Checks class and machine, the note and its ABI version, and that the file can be unloaded again: no
/// UNIQUE symbol, static TLS, TEXTREL or NODELETE, no executable stack, one exported symbol.
/// No build relaxes this: with the plugin build rules even sanitizers and gcov leave no symbol behind.
/// Fails: kInvalid; the message is the exact reason without the file's name.
Result<PluginNote> inspectElf(std::string_view file);

}  // namespace gw::plugin
