#include "backend/lobby/names.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>

#include <algorithm>
#include <cstdint>

#include "session/text/utf8.h"

namespace gw::lobby {
namespace {

constexpr int32_t kMinLetters = 2;
constexpr int32_t kMaxLetters = 20;
constexpr size_t kMaxNameBytes = 160;

bool isAlnum(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

Error invalid(std::string message) { return fail(ErrorCode::kInvalid, std::move(message), "invalidData"); }

const icu::Normalizer2* nfkc() {
  UErrorCode status = U_ZERO_ERROR;
  return icu::Normalizer2::getNFKCInstance(status);
}

const icu::Normalizer2* nfkcCasefold() {
  UErrorCode status = U_ZERO_ERROR;
  return icu::Normalizer2::getNFKCCasefoldInstance(status);
}

/// One checker for the life of the process; ICU allows concurrent use of a const one.
const USpoofChecker* singleScriptChecker() {
  static const USpoofChecker* const checker = [] {
    UErrorCode status = U_ZERO_ERROR;
    USpoofChecker* made = uspoof_open(&status);
    uspoof_setChecks(made, USPOOF_RESTRICTION_LEVEL | USPOOF_INVISIBLE, &status);
    uspoof_setRestrictionLevel(made, USPOOF_SINGLE_SCRIPT_RESTRICTIVE);
    return U_SUCCESS(status) ? made : nullptr;
  }();
  return checker;
}

icu::UnicodeString normalized(const icu::Normalizer2* form, const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result = form ? form->normalize(text, status) : text;
  return U_SUCCESS(status) ? result : text;
}

icu::UnicodeString skeleton(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  char16_t buffer[512];
  const USpoofChecker* checker = singleScriptChecker();
  if (!checker) return text;
  const int32_t length = uspoof_getSkeleton(checker, 0, text.getBuffer(), text.length(), buffer, 512, &status);
  return U_SUCCESS(status) && length <= 512 ? icu::UnicodeString(buffer, length) : text;
}

std::string toUtf8(const icu::UnicodeString& text) {
  std::string bytes;
  text.toUTF8String(bytes);
  return bytes;
}

icu::UnicodeString fromUtf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

bool isLetterOrMark(UChar32 c) { return (U_MASK(u_charType(c)) & (U_GC_L_MASK | U_GC_M_MASK)) != 0 && c != 0xFFFD; }

bool hasOnlyLetters(const icu::UnicodeString& name) {
  if (name.isEmpty() || (U_MASK(u_charType(name.char32At(0))) & U_GC_L_MASK) == 0) return false;
  int marksInARow = 0;
  for (int32_t i = 0; i < name.length(); i = name.moveIndex32(i, 1)) {
    const UChar32 c = name.char32At(i);
    if (!isLetterOrMark(c)) return false;
    // Scripts stack two or three marks on a letter; more is graffiti over the lines around it.
    marksInARow = (U_MASK(u_charType(c)) & U_GC_M_MASK) != 0 ? marksInARow + 1 : 0;
    if (marksInARow > 3) return false;
  }
  return true;
}

bool isSingleScript(const icu::UnicodeString& name) {
  UErrorCode status = U_ZERO_ERROR;
  const USpoofChecker* checker = singleScriptChecker();
  return checker && uspoof_check2(checker, name.getBuffer(), name.length(), nullptr, &status) == 0 && U_SUCCESS(status);
}

/// "AnnaI" with a capital I reads as "Annal", but folds to "annai": such capitals may stand only first.
bool hasDisguisedCapital(const icu::UnicodeString& name) {
  const icu::UnicodeString rest(name, name.moveIndex32(0, 1));
  const icu::UnicodeString folded = normalized(nfkcCasefold(), rest);
  if (folded == rest) return false;  // no capitals; skeletons of small letters may themselves be capitals
  const auto keyOf = [](const icu::UnicodeString& text) { return skeleton(normalized(nfkcCasefold(), text)); };
  return skeleton(folded) != keyOf(skeleton(rest));
}

}  // namespace

Result<void> checkUserName(std::string_view name) {
  if (name.size() < 3 || name.size() > 20) return invalid("A user name has 3 to 20 characters.");
  const bool isWord = std::all_of(name.begin(), name.end(), [](char c) { return isAlnum(c) || c == '_' || c == '-'; });
  if (!isWord) return invalid("A user name has only the letters A to Z, digits, _ and -.");
  if (!isAlnum(name.front())) return invalid("A user name begins with a letter or a digit.");
  return {};
}

std::string userKey(std::string_view name) {
  std::string key(name);
  std::transform(key.begin(), key.end(), key.begin(), lower);
  return key;
}

Result<CharacterName> checkCharacterName(std::string_view name) {
  if (name.size() > kMaxNameBytes) return invalid("A character's name has 2 to 20 letters.");
  icu::UnicodeString shown = normalized(nfkc(), fromUtf8(name));
  const int32_t letters = shown.countChar32();
  if (letters < kMinLetters || letters > kMaxLetters) return invalid("A character's name has 2 to 20 letters.");
  if (!hasOnlyLetters(shown)) return invalid("A character's name has only letters: no digits, spaces or signs.");
  const UChar32 capital = u_totitle(shown.char32At(0));
  shown.replace(0, shown.moveIndex32(0, 1), capital);
  if (!isSingleScript(shown)) return invalid("A character's name has letters of one script only.");
  if (hasDisguisedCapital(shown)) {
    const int32_t rest = shown.moveIndex32(0, 1);
    shown.replace(rest, shown.length() - rest, icu::UnicodeString(shown, rest).toLower(icu::Locale::getRoot()));
  }
  return CharacterName{toUtf8(shown), toUtf8(skeleton(normalized(nfkcCasefold(), shown)))};
}

std::string foldName(std::string_view name) {
  if (std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return userKey(name);
  return toUtf8(normalized(nfkcCasefold(), fromUtf8(name)));
}

namespace {

const char* const kReserved[] = {"admin",     "administrator", "root",      "system",   "sysop",     "sysadmin",
                                 "operator",  "oper",          "gatehouse", "gwhost",   "gwctl",     "gateway",
                                 "moderator", "mod",           "owner",     "support",  "staff",     "server",
                                 "lobby",     "backend",       "everyone",  "all",      "nobody",    "none",
                                 "null",      "anonymous",     "you",       "yourself", "someone",   "here",
                                 "new",       "register",      "login",     "logout",   "quit",      "guest",
                                 "reconnect", "console",       "security",  "daemon",   "webmaster", "helpdesk"};

/// Letters only, folded, as they look: "A-d_M1n" and "admin" are the same.
std::string reservedKey(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '-' && c != '_') letters.push_back(c);
  }
  std::string key = toUtf8(skeleton(normalized(nfkcCasefold(), skeleton(fromUtf8(letters)))));
  // i, l, 1 and | are told apart by no reader in a hurry.
  std::replace(key.begin(), key.end(), 'i', 'l');
  return key;
}

}  // namespace

ReservedNames::ReservedNames(const std::vector<std::string>& more) {
  for (const char* name : kReserved) skeletons_.insert(reservedKey(name));
  for (const std::string& name : more) skeletons_.insert(reservedKey(name));
}

bool ReservedNames::contains(std::string_view name) const {
  // "Guest-…" belongs to guests as a whole.
  static const std::string guest = reservedKey("guest");
  const std::string key = reservedKey(name);
  return key.rfind(guest, 0) == 0 || skeletons_.contains(key);
}

}  // namespace gw::lobby
