// gw-conform finds what is wrong with a plugin, in the check that is made for it, and says it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
  int exit = -1;
  std::string said;
};

Ran run(const std::string& command) {
  Ran out;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return out;
  char bytes[4096];
  while (const size_t got = fread(bytes, 1, sizeof bytes, pipe)) out.said.append(bytes, got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) out.exit = WEXITSTATUS(status);
  return out;
}

Ran conform(const std::string& arguments) { return run(GW_CONFORM " " + arguments); }

std::string faulty(const std::string& name) { return std::string(GW_FAULTY_DIR) + "/faulty_" + name + ".so"; }

struct Fault {
  const char* plugin;
  const char* check;
  const char* reason;
  bool needsHeap = false;  // the suite's own malloc, for which sanitizers leave no room
};

class Faults : public ::testing::TestWithParam<Fault> {};

TEST_P(Faults, AreFoundByTheirCheck) {
  const Fault& fault = GetParam();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  if (fault.needsHeap) GTEST_SKIP() << "allocations cannot be counted under a sanitizer";
#endif
  const Ran ran = conform(std::string("--seed 1 --timeout 60 --check ") + fault.check + " " + faulty(fault.plugin));
  EXPECT_EQ(ran.exit, 1) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr(std::string("FAILED   ") + fault.check));
  EXPECT_THAT(ran.said, HasSubstr(fault.reason));
  EXPECT_THAT(ran.said, HasSubstr(std::string("again: gw-conform --check ") + fault.check));
  EXPECT_THAT(ran.said, HasSubstr("--seed 1"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, Faults,
    ::testing::Values(Fault{"other_note", "descriptor", "the note's version is \"2.0.0\""},
                      Fault{"no_range", "entry", "returned a table instead of NULL"},
                      Fault{"silent_refusal", "config", "without a reason"},
                      Fault{"applies_anything", "reconfigure", "which validate_config refuses"},
                      Fault{"last_words", "conversation", "send was called in closed"},
                      Fault{"loses_a_byte", "split", "cut before byte 3: input 1: expected line \"look"},
                      Fault{"stuck", "input", "the connection is stuck"},
                      Fault{"hoards", "input", "whatever a peer can grow has a bound", true},
                      Fault{"ignores_again", "backpressure", "answered AGAIN: input 1"},
                      Fault{"ticks_at_once", "timers", "set again and again without a delay"},
                      Fault{"counts_events", "encode", "differs the second time"},
                      Fault{"wraps_too_long", "wrap", "head 97"},
                      Fault{"trusts_states", "import", "it crashes (Aborted) at: lines of text: import of"},
                      Fault{"forgets", "migrate", "a move is seen: input 1"},
                      Fault{"resumes_not", "rehearse", "a move that is given up is seen"},
                      Fault{"trusts_malloc", "memory", "it crashes (Segmentation fault)", true},
                      Fault{"shares", "threads", "by turns with another stream"},
                      Fault{"leaks", "unload", "bytes of heap behind", true}, Fault{"stays", "unload", "stays mapped"}),
    [](const auto& each) { return std::string(each.param.plugin) + "_" + each.param.check; });

TEST(GwConform, PassesAPluginWithoutFault) {
  const Ran ran = conform("--timeout 120 " + faulty("none"));
  EXPECT_EQ(ran.exit, 0) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr("skipped  http"));
  EXPECT_THAT(ran.said, HasSubstr("0 failed"));
}

TEST(GwConform, EndsACheckThatHangsAndNamesTheStep) {
  const Ran ran = conform("--seed 1 --timeout 1 --check split " + faulty("hangs"));
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.said, HasSubstr("it hangs: no end after 1 s at: "));
}

TEST(GwConform, GoesOnAfterACrash) {
  const Ran ran = conform("--seed 1 --check import --check entry " + faulty("trusts_states"));
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.said, HasSubstr("passed   entry"));
  EXPECT_THAT(ran.said, HasSubstr("1 passed, 1 failed, 0 skipped"));
}

TEST(GwConform, RefusesWhatIsNoPlugin) {
  const Ran ran = conform("--check elf " GW_CONFORM);
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.said, HasSubstr("FAILED   elf"));
}

TEST(GwConform, UsageErrorsSayWhatWasExpected) {
  EXPECT_EQ(conform("").exit, 2);
  EXPECT_THAT(conform("--check nothing x.so").said, HasSubstr("there is no check nothing"));
  EXPECT_THAT(conform("/nonexistent.so").said, HasSubstr("/nonexistent.so: there is no such file"));
  EXPECT_THAT(conform("--sed 7 x.so").said, HasSubstr("unknown option --sed"));
  EXPECT_THAT(conform("--seed x x.so").said, HasSubstr("--seed expects a number"));
  EXPECT_EQ(conform("--conversation /nonexistent.txt x.so").exit, 2);
}

TEST(GwConform, ListsItsChecks) {
  const Ran ran = conform("--list");
  EXPECT_EQ(ran.exit, 0);
  for (const char* id : {"elf", "split", "migrate", "memory", "unload"})
    EXPECT_THAT("\n" + ran.said, HasSubstr("\n" + std::string(id) + " "));
}

TEST(GwConform, WritesAReportForJunit) {
  const std::string file = ::testing::TempDir() + "gw-conform-" + std::to_string(getpid()) + ".xml";
  const Ran ran =
      conform("--seed 7 --check entry --check http --check config --junit " + file + " " + faulty("silent_refusal"));
  EXPECT_EQ(ran.exit, 1);
  std::ifstream in(file);
  const std::string xml{std::istreambuf_iterator<char>(in), {}};
  std::remove(file.c_str());
  EXPECT_THAT(xml, HasSubstr("<testsuites tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<property name=\"seed\" value=\"7\"/>"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"the plugin offers no gw.http/1\"/>"));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"config\" message=\"validate_config refuses &quot;&quot;"));
  EXPECT_THAT(xml, Not(HasSubstr("refuses \"")));
}

TEST(GwConform, TakesConversationsOfAnAuthor) {
  const std::string file = ::testing::TempDir() + "gw-conform-" + std::to_string(getpid()) + ".txt";
  std::ofstream(file) << "request GET /nothing\nsend \"x\"\n";
  const Ran ran = conform("--check conversation --conversation " + file + " " + faulty("none"));
  std::remove(file.c_str());
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.said, HasSubstr(file + ": no stream: "));
}

TEST(GwctlSdkConform, IsGwConform) {
  const std::string plugin = faulty("silent_refusal");
  const Ran ran = run(GWCTL " sdk conform " + plugin + " --seed 5 --check entry --check config");
  EXPECT_EQ(ran.exit, 1) << ran.said;
  EXPECT_THAT(ran.said, HasSubstr("passed   entry"));
  EXPECT_THAT(ran.said, HasSubstr("1 passed, 1 failed, 0 skipped"));
  EXPECT_THAT(run(GWCTL " sdk conform --help").said, HasSubstr("Usage: gw-conform"));
  EXPECT_EQ(run(GWCTL " sdk conform --timeout 5 --list").exit, 0);
  EXPECT_EQ(run(GWCTL " sdk conform").exit, 2);
}

}  // namespace
