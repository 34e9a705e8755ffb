#pragma once
// Names: what a user and a character may be called, and when two names are the same (Unicode UTS 39).
// ICU does the work (names.cpp); its headers stay out of everyone else's. Thread-safe.

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"

namespace gw::lobby {

/// 3 to 20 of [A-Za-z0-9_-], beginning with a letter or digit. Fails kInvalid{invalidData}.
Result<void> checkUserName(std::string_view name);

/// The key under which a user is stored: ASCII lower case.
std::string userKey(std::string_view name);

struct CharacterName {
  std::string shown;  // NFKC, the first letter in upper case, no capital that poses as another letter
  std::string key;    // equal for names that look or fold alike
};

/// 2 to 20 letters (and their marks) of a single script. Fails kInvalid{invalidData}.
Result<CharacterName> checkCharacterName(std::string_view name);

/// For finding someone by name: NFKC and case folded. Cheap for ASCII. Malformed text folds to itself.
std::string foldName(std::string_view name);

/// Names that nobody may take: the gateway's own, and anything that looks like them.
class ReservedNames {
 public:
  explicit ReservedNames(const std::vector<std::string>& more);
  bool contains(std::string_view name) const;

 private:
  std::unordered_set<std::string> skeletons_;
};

}  // namespace gw::lobby
