#include "scaffold.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli_error.h"
#include "unit/host/store/temp_folder.h"

namespace gw::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string refusalOf(const std::string& id) {
  try {
    projectNames(id);
  } catch (const CliError& e) {
    EXPECT_EQ(e.exit, kUsage);
    return e.what();
  }
  return "";
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Scaffold, MakesAllNamesOfTheChannelsId) {
  const ProjectNames names = projectNames("my-2nd-game");
  EXPECT_EQ(names.id, "my-2nd-game");
  EXPECT_EQ(names.stem, "my_2nd_game_channel");
  EXPECT_EQ(names.macro, "MY_2ND_GAME_CHANNEL");
  EXPECT_EQ(names.type, "My2ndGameChannel");
  EXPECT_EQ(names.title, "My 2nd game");
  EXPECT_EQ(projectNames("my-channel").type, "MyChannel") << "what is called a channel is not called so twice";
  EXPECT_EQ(projectNames("my-channel").stem, "my_channel");
}

TEST(Scaffold, MakesNoIdentifierThatIsTaken) {
  // Keywords, namespaces and CMake's own targets: none of them is an identifier or a target by itself.
  for (const char* id : {"new", "class", "std", "gw", "test", "all", "channel", "co-await", "a"}) {
    const ProjectNames names = projectNames(id);
    EXPECT_TRUE(names.stem.ends_with("_channel")) << names.stem;
    EXPECT_TRUE(names.type.ends_with("Channel") && names.type != "Channel") << names.type;
  }
}

TEST(Scaffold, RefusesWhatIsNoName) {
  EXPECT_EQ(refusalOf(std::string(32, 'a')), "");
  EXPECT_THAT(refusalOf(std::string(33, 'a')), HasSubstr("longer than 32"));
  EXPECT_THAT(refusalOf(""), HasSubstr("begin with"));
  EXPECT_THAT(refusalOf("2fast"), HasSubstr("begin with"));
  EXPECT_THAT(refusalOf("-x"), HasSubstr("begin with"));
  EXPECT_THAT(refusalOf("Telnet"), HasSubstr("begin with"));
  EXPECT_THAT(refusalOf("my_game"), HasSubstr("a-z, 0-9 and - only"));
  EXPECT_THAT(refusalOf("a/../../b"), HasSubstr("a-z, 0-9 and - only"));
  EXPECT_THAT(refusalOf("my game"), HasSubstr("a-z, 0-9 and - only"));
  EXPECT_THAT(refusalOf("gr\xc3\xbc\xc3\x9f"), HasSubstr("a-z, 0-9 and - only"));
  EXPECT_THAT(refusalOf("my-"), HasSubstr("between two"));
  EXPECT_THAT(refusalOf("my--game"), HasSubstr("between two")) << "my__game belongs to the compiler";
}

TEST(Scaffold, PutsEachNameInOnce) {
  const ProjectNames names = projectNames("not-my-channel");
  EXPECT_EQ(withNames("my-channel my_channel.h MY_CHANNEL_X MyChannel \"My channel\"", names),
            "not-my-channel not_my_channel.h NOT_MY_CHANNEL_X NotMyChannel \"Not my channel\"");
  EXPECT_EQ(withNames("", names), "");
  EXPECT_EQ(withNames("my-chan", names), "my-chan");
}

class ScaffoldTemplate : public testing::TestWithParam<const char*> {};

TEST_P(ScaffoldTemplate, IsWrittenWithNoNameOfItsOwnLeft) {
  const store::TempFolder folder;
  const std::filesystem::path project = std::filesystem::path(folder.path) / "some where" / "echo";
  const auto written = writeProject(project, templateFiles(GetParam()), projectNames("echo"));
  EXPECT_THAT(written,
              testing::IsSupersetOf({"CMakeLists.txt", "README.md", "plugin.cpp", "echo_channel.cpp", "echo_channel.h",
                                     "echo_channel_test.cpp", "echo_channel_fuzz.cpp", ".gitignore"}));
  for (const std::string& file : written) {
    const std::string text = read(project / file);
    EXPECT_NE(text, "") << file;
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    for (const char* left : {"my-channel", "my_channel", "mychannel", "my channel"})
      EXPECT_THAT(lower, Not(HasSubstr(left))) << file;
  }
  EXPECT_THAT(read(project / "echo_channel.h"), HasSubstr(".id = \"echo\""));
}

TEST_P(ScaffoldTemplate, UnderItsOwnNameIsTheTemplateItself) {
  const store::TempFolder folder;
  const std::filesystem::path project = folder.path + "/project";
  const std::filesystem::path original = std::filesystem::path(GW_TEMPLATES) / GetParam();
  const auto written = writeProject(project, templateFiles(GetParam()), projectNames("my-channel"));
  for (const std::string& file : written) EXPECT_EQ(read(project / file), read(original / file)) << file;
  size_t there = 0;
  for (const auto& each : std::filesystem::recursive_directory_iterator(original)) there += each.is_regular_file();
  EXPECT_EQ(written.size(), there) << "cli/template_files.cmake names all files of the template";
}

INSTANTIATE_TEST_SUITE_P(Kinds, ScaffoldTemplate, testing::Values("stream", "http"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Scaffold, KnowsNoOtherKind) { EXPECT_TRUE(templateFiles("ftp").empty()); }

TEST(Scaffold, TouchesNoFolderThatHoldsSomething) {
  const store::TempFolder folder;
  const std::filesystem::path project = folder.path + "/project";
  std::filesystem::create_directory(project);
  EXPECT_FALSE(writeProject(project, templateFiles("stream"), projectNames("echo")).empty()) << "empty is fine";
  std::ofstream(project / "README.md") << "mine";
  EXPECT_THROW(writeProject(project, templateFiles("stream"), projectNames("echo")), CliError);
  EXPECT_EQ(read(project / "README.md"), "mine");
  EXPECT_THROW(writeProject(project / "README.md", templateFiles("stream"), projectNames("echo")), CliError);
}

}  // namespace
}  // namespace gw::cli
