/* The ELF note that names a plugin without loading it: GW_PLUGIN_NOTE("telnet", "1.0.0", 0);
 * once, at file scope. Section .note.gw, owner "gw", type GW_NOTE_TYPE.
 */
#ifndef GW_NOTE_H
#define GW_NOTE_H

#include "gw/types.h"

#define GW_NOTE_TYPE 0x47570001u
#define GW_NOTE_SECTION ".note.gw"

/* Note flags, none so far: the lower 16 bits are what a host must understand (it refuses a file that has others
 * set), the upper ones are for information. */
#define GW_NOTE_MUST_UNDERSTAND 0xffffu

/* Strings are NUL-padded. */
typedef struct gw_note_desc {
  uint32_t abi_version;
  uint32_t flags;
  char sdk_version[16];
  char id[32];
  char plugin_version[32];
} gw_note_desc;

typedef struct gw_note {
  uint32_t name_size; /* 3: "gw" and its NUL, padded to 4 in the file */
  uint32_t desc_size;
  uint32_t type;
  char name[4];
  gw_note_desc desc;
} gw_note;

/* `static` keeps the object out of the symbol table in C and C++ alike; `used` keeps it in the file.
 * The explicit alignment also stops compilers from raising it, which would break readers of notes. */
#define GW_NOTE_ATTRIBUTES __attribute__((section(GW_NOTE_SECTION), used, aligned(4)))
#ifdef __cplusplus
#define GW_NOTE_OBJECT static constexpr gw_note
#else
#define GW_NOTE_OBJECT static const gw_note
#endif

#define GW_PLUGIN_NOTE(plugin_id, version, note_flags) \
  GW_NOTE_ATTRIBUTES GW_NOTE_OBJECT gw_plugin_note = { \
      3u,                                              \
      (uint32_t)sizeof(gw_note_desc),                  \
      GW_NOTE_TYPE,                                    \
      {'g', 'w', 0, 0},                                \
      {GW_ABI_VERSION, (note_flags), GW_SDK_VERSION, plugin_id, version}}

#endif /* GW_NOTE_H */
