#include "backend/lobby/guest_names.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/crypto.h"

namespace gw::lobby {
namespace {

constexpr uint64_t kBlock = 4096;
constexpr uint64_t kNames = 1u << 20;  // four characters of base 32
constexpr std::string_view kPrefix = "g:";
constexpr std::string_view kNamePrefix = "Guest-";
constexpr char kSetting[] = "lobby.guestNumber";

}  // namespace

std::string GuestNames::nameOf(uint64_t number) {
  // An odd factor permutes the numbers: neighbours get names that are not easily mixed up.
  uint64_t n = (number * 0x9E3B1 + 0x5A17) % kNames;
  std::string name = "Guest-0000";
  for (size_t i = name.size(); i-- > name.size() - 4;) {
    name[i] = "0123456789abcdefghjkmnpqrstvwxyz"[n % 32];
    n /= 32;
  }
  return name;
}

void GuestNames::next(Then then) {
  if (next_ < end_) return then(nameOf(next_++));
  waiting_.push_back(std::move(then));
  if (waiting_.size() == 1) fetchBlock();
}

void GuestNames::fetchBlock() {
  store_.ask<uint64_t>(
      kSetting,
      [](store::SessionStore& store) -> Result<uint64_t> {
        const Result<std::optional<std::string>> kept = store.getSetting(kSetting);
        if (!kept) return kept.error();
        uint64_t first = 0;
        if (*kept) std::from_chars((*kept)->data(), (*kept)->data() + (*kept)->size(), first);
        const Result<void> put = store.putSetting(kSetting, std::to_string(first + kBlock));
        if (!put) return put.error();
        return first;
      },
      [this](Result<uint64_t> first) {
        std::vector<Then> waiting = std::move(waiting_);
        waiting_.clear();
        if (first) {
          next_ = *first;
          end_ = next_ + kBlock;
        }
        for (Then& then : waiting) {
          if (first) {
            next(std::move(then));
          } else {
            then(Error{ErrorCode::kUnavailable, "Guests cannot come in right now. Try again in a moment.", "", 1000});
          }
        }
      });
}

std::string makeGuestId(std::string_view name) {
  name.remove_prefix(std::min(kNamePrefix.size(), name.size()));
  std::string id(kPrefix);
  id.append(name).append(":").append(randomToken(8));
  return id;
}

bool isGuestId(std::string_view userId) { return userId.substr(0, kPrefix.size()) == kPrefix; }

std::string guestNameOf(std::string_view userId) {
  if (!isGuestId(userId)) return {};
  userId.remove_prefix(kPrefix.size());
  return std::string(kNamePrefix).append(userId.substr(0, userId.find(':')));
}

}  // namespace gw::lobby
