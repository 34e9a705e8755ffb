// What gw_add_plugin promises of a library: one export, a note that is readable without loading, no
// unique symbols, and that it can be unloaded.
#include <dlfcn.h>
#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gw/note.h"
#include "testing/fake_host.h"

namespace gw::testing {
namespace {

class ElfFile {
 public:
  explicit ElfFile(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    header_ = at<Elf64_Ehdr>(0);
  }
  Elf64_Shdr section(const std::string& name) const {
    const auto names = sectionAt(header_.e_shstrndx);
    for (unsigned i = 0; i < header_.e_shnum; ++i) {
      const auto each = sectionAt(i);
      if (name == bytes_.data() + names.sh_offset + each.sh_name) return each;
    }
    return {};
  }
  template <class T>
  T at(size_t offset) const {
    T out;
    std::memcpy(&out, bytes_.data() + offset, sizeof out);
    return out;
  }
  std::vector<std::pair<std::string, unsigned char>> exports() const {
    const auto symbols = section(".dynsym"), names = section(".dynstr");
    std::vector<std::pair<std::string, unsigned char>> out;
    for (size_t at0 = 0; at0 < symbols.sh_size; at0 += sizeof(Elf64_Sym)) {
      const auto symbol = at<Elf64_Sym>(symbols.sh_offset + at0);
      if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
      out.emplace_back(bytes_.data() + names.sh_offset + symbol.st_name, ELF64_ST_BIND(symbol.st_info));
    }
    return out;
  }

 private:
  Elf64_Shdr sectionAt(unsigned index) const {
    return at<Elf64_Shdr>(header_.e_shoff + size_t{index} * header_.e_shentsize);
  }
  std::string bytes_;
  Elf64_Ehdr header_{};
};

TEST(BuildRules, TheNoteNamesThePluginWithoutLoadingIt) {
  const ElfFile file(GW_STICKY_PLUGIN);
  const Elf64_Shdr section = file.section(GW_NOTE_SECTION);
  EXPECT_EQ(section.sh_type, static_cast<Elf64_Word>(SHT_NOTE));
  EXPECT_LE(section.sh_addralign, 4u) << "or readers of notes lose their way";
  ASSERT_EQ(section.sh_size, sizeof(gw_note));
  const auto note = file.at<gw_note>(section.sh_offset);
  EXPECT_EQ(note.name_size, 3u);
  EXPECT_STREQ(note.name, "gw");
  EXPECT_EQ(note.type, GW_NOTE_TYPE);
  ASSERT_EQ(note.desc_size, sizeof(gw_note_desc));
  EXPECT_EQ(note.desc.abi_version, GW_ABI_VERSION);
  EXPECT_STREQ(note.desc.sdk_version, GW_SDK_VERSION);
  EXPECT_STREQ(note.desc.id, "sticky");
  EXPECT_STREQ(note.desc.plugin_version, "7.8.9");
}

TEST(BuildRules, OnlyTheEntryIsExported) {
  for (const char* plugin : {GW_STICKY_PLUGIN, GW_TEMPLATE_PLUGIN}) {
    const auto exports = ElfFile(plugin).exports();
    ASSERT_EQ(exports.size(), 1u) << plugin;
    EXPECT_EQ(exports[0].first, GW_PLUGIN_ENTRY_SYMBOL);
    EXPECT_EQ(exports[0].second, STB_GLOBAL) << "not unique";
  }
}

TEST(BuildRules, APluginUnloadsWithoutATrace) {
  {
    const PluginFile file(GW_STICKY_PLUGIN);
    ASSERT_NE(file.plugin(), nullptr) << file.error();
    FakeHost host(*file.plugin());
    ASSERT_TRUE(host.ok()) << host.error();
    EXPECT_EQ(host.open()->isOpen(), true);
  }
  EXPECT_EQ(dlopen(GW_STICKY_PLUGIN, RTLD_NOW | RTLD_NOLOAD), nullptr);
  std::ifstream maps("/proc/self/maps");
  const std::string all(std::istreambuf_iterator<char>(maps), {});
  EXPECT_EQ(all.find(GW_STICKY_PLUGIN), std::string::npos);
}

TEST(BuildRules, TheEntryRefusesAnAbiItDoesNotSpeak) {
  void* handle = dlopen(GW_STICKY_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(handle, nullptr);
  const auto entry = reinterpret_cast<gw_plugin_entry_fn>(dlsym(handle, GW_PLUGIN_ENTRY_SYMBOL));
  ASSERT_NE(entry, nullptr);
  gw_err err{};
  uint32_t chosen = 99;
  EXPECT_EQ(entry(GW_ABI_VERSION + 1, GW_ABI_VERSION + 3, &chosen, &err), nullptr);
  EXPECT_EQ(chosen, 99u) << "outputs are written on success only";
  EXPECT_NE(std::string(err.text), "");
  EXPECT_NE(entry(0, GW_ABI_VERSION + 3, &chosen, &err), nullptr);
  EXPECT_EQ(chosen, GW_ABI_VERSION);
  dlclose(handle);
}

TEST(PluginFile, SaysWhyAFileIsNoPlugin) {
  EXPECT_NE(PluginFile("/nonexistent.so").error(), "");
  const PluginFile notAPlugin("libz.so.1");
  EXPECT_EQ(notAPlugin.plugin(), nullptr);
  EXPECT_NE(notAPlugin.error(), "");
}

}  // namespace
}  // namespace gw::testing
