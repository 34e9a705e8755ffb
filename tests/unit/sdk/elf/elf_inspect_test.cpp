#include "elf/elf_inspect.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "gw/note.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::elf {
namespace {

using ::testing::HasSubstr;

std::string bytesOf(const std::string& name) {
  return test::readFile(std::string(GW_TEST_PLUGIN_DIR) + "/" + name + ".so");
}

Inspection inspect(const std::string& name) { return inspectElf(bytesOf(name)); }

TEST(ElfInspect, ReadsTheNoteOfAGoodPlugin) {
  const Inspection found = inspect("good");
  ASSERT_TRUE(found.ok()) << found.refusal;
  EXPECT_EQ(found.note.id, "good");
  EXPECT_EQ(found.note.pluginVersion, "1.2.3");
  EXPECT_EQ(found.note.sdkVersion, GW_SDK_VERSION);
  EXPECT_EQ(found.note.abiVersion, GW_ABI_VERSION);
}

struct Refusal {
  const char* plugin;
  const char* reason;
};

class ElfRefusal : public ::testing::TestWithParam<Refusal> {};

TEST_P(ElfRefusal, NamesTheExactReason) {
  EXPECT_THAT(inspect(GetParam().plugin).refusal, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    Plugins, ElfRefusal,
    ::testing::Values(Refusal{"no_note", "carries no .note.gw note"}, Refusal{"foreign_abi", "plugin ABI 99"},
                      Refusal{"bad_id", "invalid channel id"}, Refusal{"no_entry", "does not export gw_plugin_entry"},
                      Refusal{"extra_export", "exports somebody_elses_business"},
                      Refusal{"unique_symbol", "UNIQUE symbol"}, Refusal{"static_tls", "static TLS"},
                      Refusal{"text_relocation", "text relocations"}, Refusal{"nodelete", "NODELETE"},
                      Refusal{"exec_stack", "executable stack"}),
    [](const auto& test) { return std::string(test.param.plugin); });

TEST(ElfInspect, RefusesWhatIsNoLibraryOfThisMachine) {
  const auto reason = [](const std::string& bytes) { return inspectElf(bytes).refusal; };
  EXPECT_THAT(reason(""), HasSubstr("not an ELF file"));
  EXPECT_THAT(reason("just some text, long enough to be a header if it were one, which it is not......."),
              HasSubstr("not an ELF file"));
  std::string bytes = bytesOf("good");
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  const Elf64_Ehdr good = *header;
  header->e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(reason(bytes), HasSubstr("64-bit"));
  *header = good;
  header->e_machine = EM_S390;
  EXPECT_THAT(reason(bytes), HasSubstr("another machine"));
  *header = good;
  header->e_type = ET_EXEC;
  EXPECT_THAT(reason(bytes), HasSubstr("not a shared library"));
  *header = good;
  header->e_phentsize = 1;
  EXPECT_THAT(reason(bytes), HasSubstr("damaged program headers"));
  *header = good;
  header->e_phoff = ~0ull - 8;
  EXPECT_THAT(reason(bytes), HasSubstr("damaged program headers"));
}

TEST(ElfInspect, RefusesANoteThatItDoesNotUnderstand) {
  const auto reasonWith = [](auto&& change) {
    std::string bytes = bytesOf("good");
    const size_t owner = bytes.find(std::string("\x01\x00WGgw\0\0", 8));  // the note's type and its owner
    EXPECT_NE(owner, std::string::npos);
    change(*reinterpret_cast<gw_note_desc*>(bytes.data() + owner + 8));
    return inspectElf(bytes).refusal;
  };
  EXPECT_EQ(reasonWith([](gw_note_desc&) {}), "");
  EXPECT_THAT(reasonWith([](gw_note_desc& note) { note.flags = 0x8001; }), HasSubstr("note flags 32769"));
  EXPECT_EQ(reasonWith([](gw_note_desc& note) { note.flags = 0x10000; }), "") << "for information only";
  EXPECT_THAT(reasonWith([](gw_note_desc& note) { note.sdk_version[0] = '0'; }), HasSubstr("rebuild it with 1.0"));
}

TEST(ElfInspect, SurvivesEveryTruncation) {
  const std::string bytes = bytesOf("good");
  size_t refused = 0;
  for (size_t size = 0; size < bytes.size(); size += size < 8192 ? 1 : 97) {
    refused += inspectElf(std::string_view(bytes).substr(0, size)).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 4096u);  // what lies behind the last segment is not looked at
}

TEST(ElfInspect, SurvivesRandomDamage) {
  const std::string good = bytesOf("good");
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = good;
    for (int i = 0; i < 8; ++i) {
      // The headers and tables are what is parsed: damage those most of the time.
      const size_t reach = round % 3 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 4096);
      bytes[random() % reach] = static_cast<char>(random());
    }
    refused += inspectElf(bytes).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 100);
}

TEST(ElfInspect, KnowsChannelIds) {
  EXPECT_TRUE(isChannelId("telnet"));
  EXPECT_TRUE(isChannelId("my-channel2"));
  EXPECT_FALSE(isChannelId(""));
  EXPECT_FALSE(isChannelId("2fast"));
  EXPECT_FALSE(isChannelId("Telnet"));
  EXPECT_FALSE(isChannelId("a/b"));
  EXPECT_FALSE(isChannelId(std::string(33, 'a')));
}

}  // namespace
}  // namespace gw::elf
