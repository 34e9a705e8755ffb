#include "elf/elf_inspect.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "gw/note.h"
#include "gw/plugin.h"

#ifndef STB_GNU_UNIQUE
#define STB_GNU_UNIQUE 10
#endif

namespace gw::elf {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr uint16_t kMachine = EM_RISCV;
#else
#error "name this machine's EM_ constant here"
#endif

constexpr size_t kMaxSymbols = 1'000'000;

/// Why a file is refused; empty: it is not.
using Refusal = std::string;

std::string fixedText(const char* text, size_t capacity) { return {text, strnlen(text, capacity)}; }

/// The file as the loader sees it: segments by virtual address.
class ElfView {
 public:
  explicit ElfView(std::string_view file) : file_(file) {}

  Refusal readHeaders() {
    const auto header = at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return "is not an ELF file";
    if (header->e_ident[EI_CLASS] != ELFCLASS64) return "is not a 64-bit library";
    if (header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != kMachine) {
      return "was built for another machine";
    }
    if (header->e_type != ET_DYN) return "is not a shared library";
    if (header->e_phentsize != sizeof(Elf64_Phdr)) return "has damaged program headers";
    for (size_t i = 0; i < header->e_phnum; ++i) {
      const auto segment = at<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
      if (!segment) return "has damaged program headers";
      segments_.push_back(*segment);
    }
    return {};
  }

  const std::vector<Elf64_Phdr>& segments() const { return segments_; }

  /// The record at a file offset; none if it lies outside the file.
  template <typename T>
  std::optional<T> at(uint64_t offset) const {
    if (offset > file_.size() || file_.size() - offset < sizeof(T)) return std::nullopt;
    T record;
    std::memcpy(&record, file_.data() + offset, sizeof(T));
    return record;
  }

  std::optional<uint64_t> offsetOf(uint64_t address) const {
    for (const Elf64_Phdr& s : segments_) {
      if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) {
        return s.p_offset + (address - s.p_vaddr);
      }
    }
    return std::nullopt;
  }

  template <typename T>
  std::optional<T> atAddress(uint64_t address) const {
    const auto offset = offsetOf(address);
    return offset ? at<T>(*offset) : std::nullopt;
  }

  std::string_view textAt(uint64_t offset) const {
    if (offset >= file_.size()) return {};
    const std::string_view rest = file_.substr(offset);
    return rest.substr(0, rest.find('\0'));
  }

  std::string_view bytes(uint64_t offset, uint64_t size) const {
    if (offset > file_.size() || file_.size() - offset < size) return {};
    return file_.substr(offset, size);
  }

 private:
  std::string_view file_;
  std::vector<Elf64_Phdr> segments_;
};

/// The dynamic section's entries that matter here.
struct Dynamic {
  uint64_t symbols = 0, strings = 0, hash = 0, gnuHash = 0, flags = 0, flags1 = 0;
  bool textRelocations = false;
};

Refusal readDynamic(const ElfView& elf, Dynamic& out) {
  for (const Elf64_Phdr& segment : elf.segments()) {
    if (segment.p_type != PT_DYNAMIC) continue;
    Dynamic found;
    for (uint64_t i = 0; i < segment.p_filesz / sizeof(Elf64_Dyn); ++i) {
      const auto entry = elf.at<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn));
      if (!entry) return "has a damaged dynamic section";
      switch (entry->d_tag) {
        case DT_NULL:
          out = found;
          return {};
        case DT_SYMTAB:
          found.symbols = entry->d_un.d_ptr;
          break;
        case DT_STRTAB:
          found.strings = entry->d_un.d_ptr;
          break;
        case DT_HASH:
          found.hash = entry->d_un.d_ptr;
          break;
        case DT_GNU_HASH:
          found.gnuHash = entry->d_un.d_ptr;
          break;
        case DT_FLAGS:
          found.flags = entry->d_un.d_val;
          break;
        case DT_FLAGS_1:
          found.flags1 = entry->d_un.d_val;
          break;
        case DT_TEXTREL:
          found.textRelocations = true;
          break;
        default:
          break;
      }
    }
    out = found;
    return {};
  }
  return "has no dynamic section";
}

/// How many dynamic symbols there are; only the hash tables know.
std::optional<size_t> symbolCount(const ElfView& elf, const Dynamic& dynamic) {
  if (dynamic.hash != 0) {
    const auto chains = elf.atAddress<uint32_t>(dynamic.hash + sizeof(uint32_t));
    if (chains && *chains <= kMaxSymbols) return *chains;
    return std::nullopt;
  }
  struct GnuHash {
    uint32_t buckets, firstSymbol, bloomWords, bloomShift;
  };
  const auto table = elf.atAddress<GnuHash>(dynamic.gnuHash);
  if (dynamic.gnuHash == 0 || !table || table->buckets > kMaxSymbols) return std::nullopt;
  const uint64_t buckets = dynamic.gnuHash + sizeof(GnuHash) + uint64_t{table->bloomWords} * 8;
  uint32_t last = 0;
  for (uint32_t i = 0; i < table->buckets; ++i) {
    const auto first = elf.atAddress<uint32_t>(buckets + uint64_t{i} * 4);
    if (!first) return std::nullopt;
    last = std::max(last, *first);
  }
  if (last < table->firstSymbol) return table->firstSymbol;
  const uint64_t chains = buckets + uint64_t{table->buckets} * 4;
  for (; last <= kMaxSymbols; ++last) {
    const auto link = elf.atAddress<uint32_t>(chains + uint64_t{last - table->firstSymbol} * 4);
    if (!link) return std::nullopt;
    if ((*link & 1u) != 0) return last + 1;  // the end of the last chain
  }
  return std::nullopt;
}

Refusal checkSymbols(const ElfView& elf, const Dynamic& dynamic) {
  const auto count = symbolCount(elf, dynamic);
  const auto strings = elf.offsetOf(dynamic.strings);
  if (!count || !strings) return "has a damaged symbol table";
  bool hasEntry = false;
  for (size_t i = 1; i < *count; ++i) {
    const auto symbol = elf.atAddress<Elf64_Sym>(dynamic.symbols + i * sizeof(Elf64_Sym));
    if (!symbol) return "has a damaged symbol table";
    if (symbol->st_shndx == SHN_UNDEF) continue;
    const unsigned char binding = ELF64_ST_BIND(symbol->st_info);
    const unsigned char visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    const std::string name(elf.textAt(*strings + symbol->st_name));
    if (binding == STB_GNU_UNIQUE) {
      return "has the UNIQUE symbol " + name +
             ", which keeps it mapped for ever; build with -fno-gnu-unique and hidden visibility";
    }
    if (binding == STB_LOCAL || visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
    if (name == GW_PLUGIN_ENTRY_SYMBOL) {
      hasEntry = true;
    } else {
      return "exports " + name + "; only " GW_PLUGIN_ENTRY_SYMBOL " may be visible";
    }
  }
  if (!hasEntry) return "does not export " GW_PLUGIN_ENTRY_SYMBOL;
  return {};
}

Refusal checkLoading(const ElfView& elf, const Dynamic& dynamic) {
  if ((dynamic.flags & DF_STATIC_TLS) != 0) {
    return "uses static TLS; build with -ftls-model=global-dynamic";
  }
  if (dynamic.textRelocations || (dynamic.flags & DF_TEXTREL) != 0) {
    return "has text relocations; build with -fPIC";
  }
  if ((dynamic.flags1 & DF_1_NODELETE) != 0) return "is linked NODELETE and could never be unloaded";
  for (const Elf64_Phdr& segment : elf.segments()) {
    if (segment.p_type != PT_GNU_STACK) continue;
    if ((segment.p_flags & PF_X) == 0) return {};
    break;
  }
  return "asks for an executable stack; link with -Wl,-z,noexecstack";
}

uint64_t padded(uint64_t size, uint64_t alignment) { return (size + alignment - 1) / alignment * alignment; }

std::optional<gw_note_desc> findNote(const ElfView& elf, const Elf64_Phdr& segment) {
  // PT_NOTE with alignment 8 (x86 .note.gnu.property) pads to 8, every other to 4.
  const uint64_t alignment = segment.p_align == 8 ? 8 : 4;
  const std::string_view bytes = elf.bytes(segment.p_offset, segment.p_filesz);
  for (uint64_t offset = 0; offset + sizeof(Elf64_Nhdr) <= bytes.size();) {
    Elf64_Nhdr header;
    std::memcpy(&header, bytes.data() + offset, sizeof(header));
    const uint64_t name = offset + sizeof(header);
    const uint64_t desc = padded(name + header.n_namesz, alignment);
    if (desc > bytes.size() || bytes.size() - desc < header.n_descsz) return std::nullopt;
    if (header.n_type == GW_NOTE_TYPE && header.n_namesz == 3 && bytes.substr(name, 2) == "gw") {
      gw_note_desc note;
      if (header.n_descsz < sizeof(note)) return std::nullopt;
      std::memcpy(&note, bytes.data() + desc, sizeof(note));
      return note;
    }
    offset = padded(desc + header.n_descsz, alignment);
  }
  return std::nullopt;
}

Refusal readNote(const ElfView& elf, PluginNote& out) {
  for (const Elf64_Phdr& segment : elf.segments()) {
    if (segment.p_type != PT_NOTE) continue;
    const auto found = findNote(elf, segment);
    if (!found) continue;
    PluginNote note{found->abi_version, found->flags, fixedText(found->sdk_version, sizeof(found->sdk_version)),
                    fixedText(found->id, sizeof(found->id)),
                    fixedText(found->plugin_version, sizeof(found->plugin_version))};
    if (note.abiVersion != GW_ABI_VERSION) {
      return "was built for plugin ABI " + std::to_string(note.abiVersion) + "; this host speaks " +
             std::to_string(GW_ABI_VERSION);
    }
    if ((note.flags & GW_NOTE_MUST_UNDERSTAND) != 0) {
      return "needs something that this host does not know (note flags " + std::to_string(note.flags) + ")";
    }
    if (note.sdkVersion.starts_with("0.")) {
      return "was built with SDK " + note.sdkVersion + ", before the ABI was settled: rebuild it with 1.0";
    }
    if (!isChannelId(note.id)) return "has a note with an invalid channel id";
    out = std::move(note);
    return {};
  }
  return "carries no " GW_NOTE_SECTION " note: not a Gatehouse plugin";
}

}  // namespace

bool isChannelId(std::string_view id) {
  const auto isLower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !id.empty() && id.size() <= 32 && isLower(id.front()) &&
         std::all_of(id.begin(), id.end(), [&](char c) { return isLower(c) || (c >= '0' && c <= '9') || c == '-'; });
}

Inspection inspectElf(std::string_view file) {
  ElfView elf(file);
  Inspection found;
  Dynamic dynamic;
  found.refusal = elf.readHeaders();
  if (found.ok()) found.refusal = readNote(elf, found.note);  // first: of a foreign library the most helpful to say
  if (found.ok()) found.refusal = readDynamic(elf, dynamic);
  if (found.ok()) found.refusal = checkLoading(elf, dynamic);
  if (found.ok()) found.refusal = checkSymbols(elf, dynamic);
  if (!found.ok()) found.note = {};
  return found;
}

}  // namespace gw::elf
