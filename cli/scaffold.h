#pragma once
// Scaffold: a plugin project of somebody's own, made of a template (sdk/templates) by putting names in.
// The templates are part of the program (cli/embed_templates.cmake): nothing is looked for at run time.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::cli {

struct TemplateFile {
  std::string_view path;  // below the project's folder; names in it are replaced as in the text
  std::string_view text;
};

/// The files of a kind of template, "stream" or "http"; empty if there is no such kind. Generated at build time.
std::span<const TemplateFile> templateFiles(std::string_view kind);

/// The names of a project, all made of the channel's id.
struct ProjectNames {
  std::string id;     // "my-game": the channel, the library's file
  std::string stem;   // "my_game_channel": files and CMake targets; never a word that C++ or CMake reserves
  std::string macro;  // "MY_GAME_CHANNEL"
  std::string type;   // "MyGameChannel"
  std::string title;  // "My game"
};

/// Throws CliError(kUsage) with the rule that was broken.
ProjectNames projectNames(const std::string& id);

/// The template's text with the project's names for those of the template.
std::string withNames(std::string_view text, const ProjectNames& names);

/// Writes the project into `folder`, which is made and must otherwise be empty; returns the files' paths below it.
/// Throws CliError; files that were written before that remain.
std::vector<std::string> writeProject(const std::filesystem::path& folder, std::span<const TemplateFile> files,
                                      const ProjectNames& names);

}  // namespace gw::cli
