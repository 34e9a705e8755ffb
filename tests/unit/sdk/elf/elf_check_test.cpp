// gw-elf-check as a process.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int exit = -1;
  std::string text;  // what it printed, errors too
};

/// `arguments` as a shell reads them.
Outcome elfCheck(const std::string& arguments) {
  FILE* pipe = popen(("'" GW_ELF_CHECK_PROGRAM "' " + arguments + " 2>&1").c_str(), "r");
  Outcome outcome;
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  for (size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.text.append(buffer, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.exit = WEXITSTATUS(status);
  return outcome;
}

std::string plugin(const std::string& name) { return "'" GW_TEST_PLUGIN_DIR "/" + name + ".so'"; }

TEST(ElfCheck, SaysWhatTheNoteSays) {
  const Outcome run = elfCheck(plugin("good") + " " + plugin("other"));
  EXPECT_EQ(run.exit, 0) << run.text;
  EXPECT_THAT(run.text, HasSubstr("/good.so: channel good, version 1.2.3, SDK "));
  EXPECT_THAT(run.text, HasSubstr("/other.so: channel other, version "));
  EXPECT_EQ(elfCheck("--quiet " + plugin("good")).text, "");
}

TEST(ElfCheck, SaysOfEachFileWhyItIsRefused) {
  const std::pair<const char*, const char*> refusals[] = {{"no_note", "carries no .note.gw note"},
                                                          {"foreign_abi", "was built for plugin ABI 99"},
                                                          {"bad_id", "invalid channel id"},
                                                          {"no_entry", "does not export gw_plugin_entry"},
                                                          {"extra_export", "exports somebody_elses_business"},
                                                          {"unique_symbol", "-fno-gnu-unique"},
                                                          {"static_tls", "-ftls-model=global-dynamic"},
                                                          {"text_relocation", "build with -fPIC"},
                                                          {"nodelete", "is linked NODELETE"},
                                                          {"exec_stack", "-Wl,-z,noexecstack"}};
  std::string all = plugin("good");
  for (const auto& [name, reason] : refusals) {
    const Outcome run = elfCheck("-q " + plugin(name));
    EXPECT_EQ(run.exit, 1) << name;
    EXPECT_THAT(run.text, StartsWith("gw-elf-check: " GW_TEST_PLUGIN_DIR "/" + std::string(name) + ".so "));
    EXPECT_THAT(run.text, HasSubstr(reason)) << name;
    all += " " + plugin(name);
  }
  const Outcome run = elfCheck(all);
  EXPECT_EQ(run.exit, 1);
  for (const auto& [name, reason] : refusals) EXPECT_THAT(run.text, HasSubstr(reason)) << "all files are looked at";
}

TEST(ElfCheck, DeletesRefusedFilesOnlyWhenAsked) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / ("gw elf check " + std::to_string(getpid()));
  fs::create_directory(folder);
  for (const char* name : {"good.so", "nodelete.so"}) fs::copy_file(fs::path(GW_TEST_PLUGIN_DIR) / name, folder / name);
  const std::string both = "'" + (folder / "good.so").string() + "' '" + (folder / "nodelete.so").string() + "'";
  EXPECT_EQ(elfCheck(both).exit, 1);
  EXPECT_TRUE(fs::exists(folder / "nodelete.so"));
  EXPECT_EQ(elfCheck("--delete-refused " + both).exit, 1);
  EXPECT_FALSE(fs::exists(folder / "nodelete.so"));
  EXPECT_TRUE(fs::exists(folder / "good.so"));
  fs::remove_all(folder);
}

TEST(ElfCheck, TellsUsageAndUnreadableFilesFromRefusals) {
  EXPECT_EQ(elfCheck("--help").exit, 0);
  EXPECT_THAT(elfCheck("--help").text, HasSubstr("gw-elf-check [--quiet]"));
  EXPECT_EQ(elfCheck("").exit, 2);
  EXPECT_EQ(elfCheck("--queit " + plugin("good")).exit, 2);
  const Outcome missing = elfCheck("/nonexistent.so " + plugin("good"));
  EXPECT_EQ(missing.exit, 2);
  EXPECT_THAT(missing.text, HasSubstr("/nonexistent.so: No such file"));
  EXPECT_THAT(missing.text, HasSubstr("channel good")) << "the others are looked at all the same";
  EXPECT_EQ(elfCheck("/tmp").exit, 2) << "a folder";
  EXPECT_EQ(elfCheck("-- " + plugin("good")).exit, 0);
}

}  // namespace
