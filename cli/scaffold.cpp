#include "scaffold.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "cli_error.h"
#include "text.h"

namespace gw::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostIdBytes = 32;
constexpr std::string_view kSuffix = "channel";

bool isLower(char c) { return c >= 'a' && c <= 'z'; }
char upper(char c) { return isLower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

std::vector<std::string> wordsOf(const std::string& id) {
  std::vector<std::string> words(1);
  for (const char c : id) {
    if (c == '-') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? std::string_view{} : between).append(word);
  return out;
}

[[noreturn]] void cannot(const char* verb, const fs::path& path, const std::error_code& error) {
  throw CliError(kFailure, std::string("cannot ") + verb + " " + path.string() + ": " + error.message());
}

void requireEmpty(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) return;
  if (status.type() == fs::file_type::none) cannot("look at", folder, error);
  if (status.type() != fs::file_type::directory) {
    throw CliError(kConflict, folder.string() + " is there already and is no folder", "choose another with --dir");
  }
  const bool isEmpty = fs::is_empty(folder, error);
  if (error) cannot("read", folder, error);
  if (!isEmpty) {
    throw CliError(kConflict, folder.string() + " is not empty; nothing was written",
                   "choose another folder with --dir");
  }
}

void writeFile(const fs::path& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) cannot("make", path.parent_path(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) cannot("write", path, {errno, std::generic_category()});
}

}  // namespace

ProjectNames projectNames(const std::string& id) {
  const auto refuse = [&](const char* rule) {
    throw CliError(kUsage, printable(id) + " cannot be a channel's name: " + rule,
                   "take one such as my-game: a lower-case letter, then at most 31 of a-z, 0-9 and -");
  };
  if (id.empty() || !isLower(id.front())) refuse("it must begin with a lower-case letter");
  if (id.size() > kMostIdBytes) refuse("it is longer than 32 characters");
  const bool isPlain =
      std::all_of(id.begin(), id.end(), [](char c) { return isLower(c) || (c >= '0' && c <= '9') || c == '-'; });
  if (!isPlain) refuse("it may hold a-z, 0-9 and - only");
  // Identifiers are made of it, and those with two underscores in a row belong to the compiler.
  if (id.back() == '-' || id.find("--") != std::string::npos) refuse("each - must stand between two others");

  ProjectNames names;
  names.id = id;
  std::vector<std::string> words = wordsOf(id);
  names.title = joined(words, " ");
  names.title.front() = upper(names.title.front());
  // With the suffix no name is a keyword of C++ ("new"), a namespace ("std") or a target of CMake ("test").
  if (words.back() != kSuffix || words.size() == 1) words.emplace_back(kSuffix);
  names.stem = joined(words, "_");
  names.macro = names.stem;
  std::transform(names.macro.begin(), names.macro.end(), names.macro.begin(), upper);
  for (std::string& word : words) word.front() = upper(word.front());
  names.type = joined(words, "");
  return names;
}

std::string withNames(std::string_view text, const ProjectNames& names) {
  const std::pair<std::string_view, std::string_view> replacements[] = {{"my_channel", names.stem},
                                                                        {"MY_CHANNEL", names.macro},
                                                                        {"MyChannel", names.type},
                                                                        {"my-channel", names.id},
                                                                        {"My channel", names.title}};
  std::string out;
  while (!text.empty()) {
    // What stands first is replaced first, and what was put in is not looked at again.
    size_t first = std::string_view::npos;
    const auto* chosen = std::begin(replacements);
    for (const auto& each : replacements) {
      const size_t at = text.find(each.first);
      if (at < first) {
        first = at;
        chosen = &each;
      }
    }
    out.append(text.substr(0, first));
    if (first == std::string_view::npos) break;
    out.append(chosen->second);
    text.remove_prefix(first + chosen->first.size());
  }
  return out;
}

std::vector<std::string> writeProject(const fs::path& folder, std::span<const TemplateFile> files,
                                      const ProjectNames& names) {
  requireEmpty(folder);
  std::vector<std::string> written;
  for (const TemplateFile& file : files) {
    written.push_back(withNames(file.path, names));
    writeFile(folder / written.back(), withNames(file.text, names));
  }
  return written;
}

}  // namespace gw::cli
