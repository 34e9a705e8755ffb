#include "soak/plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>

namespace gw::bench {
namespace {

constexpr KindFacts kFacts[] = {
    {ReloadKind::kAgain, "the same code", "", "committed", ""},
    {ReloadKind::kOverwritten, "overwritten by cp while loaded", "", "committed", ""},
    {ReloadKind::kRollback, "rollback", "", "committed", ""},
    {ReloadKind::kCrash, "crashes in the probe", "crash", "refused", "crashed"},
    {ReloadKind::kHang, "hangs in the probe", "hang", "refused", "took more than"},
    {ReloadKind::kRefuse, "refuses the options", "refuse", "refused", "options.depth: expected a number"},
    {ReloadKind::kImport, "fails in import", "import", "rolledBack", "too many connections could not be taken over"},
    {ReloadKind::kStaysMapped, "never unmaps", "stays_mapped", "committed", ""},
};

constexpr ReloadKind kBlock[] = {
    ReloadKind::kAgain,  ReloadKind::kCrash,       ReloadKind::kOverwritten, ReloadKind::kHang,  ReloadKind::kAgain,
    ReloadKind::kRefuse, ReloadKind::kOverwritten, ReloadKind::kImport,      ReloadKind::kAgain, ReloadKind::kRollback};
constexpr const char* kChannels[] = {"telnet", "websocket", "sse"};
constexpr int kMostOrders = 10'000;

/// What each channel runs and ran before, as far as rollbacks are concerned.
class History {
 public:
  bool allows(const PlannedReload& reload) const {
    if (reload.kind != ReloadKind::kRollback) return true;
    const auto found = kinds_.find(reload.channel);
    return found != kinds_.end() && found->second.size() > 1 &&
           *std::prev(found->second.end(), 2) != ReloadKind::kStaysMapped;
  }
  void add(const PlannedReload& reload) {
    std::vector<ReloadKind>& kinds = kinds_[reload.channel];
    if (kinds.empty()) kinds.push_back(ReloadKind::kAgain);  // what it began with
    if (reload.kind == ReloadKind::kRollback)
      std::swap(kinds.back(), *std::prev(kinds.end(), 2));
    else if (putsNewCode(reload.kind))
      kinds.push_back(reload.kind);
  }

 private:
  std::map<std::string, std::vector<ReloadKind>> kinds_;
};

bool isPlayable(const std::vector<PlannedReload>& reloads) {
  History history;
  for (const PlannedReload& reload : reloads) {
    if (!history.allows(reload)) return false;
    history.add(reload);
  }
  return true;
}

}  // namespace

const KindFacts& factsOf(ReloadKind kind) {
  return *std::find_if(std::begin(kFacts), std::end(kFacts), [kind](const auto& facts) { return facts.kind == kind; });
}

bool putsNewCode(ReloadKind kind) { return std::string("committed") == factsOf(kind).outcome; }
bool movesConnections(ReloadKind kind) { return std::string("refused") != factsOf(kind).outcome; }

std::vector<PlannedReload> planReloads(uint32_t count, uint64_t seed, bool mayStayMapped) {
  std::mt19937_64 random(seed);
  std::vector<ReloadKind> block(std::begin(kBlock), std::end(kBlock));
  const auto isPinned = [&](size_t at) { return mayStayMapped && (at == 0 || at == std::size(kChannels)); };
  std::vector<PlannedReload> plan;
  while (plan.size() < count) {
    const size_t before = plan.size();
    for (int tries = 0; plan.size() == before; ++tries) {
      if (tries == kMostOrders) throw std::runtime_error("found no order of reloads that can be played");
      std::shuffle(block.begin(), block.end(), random);
      for (size_t used = 0; used < block.size() && plan.size() < count;) {
        const size_t at = plan.size();
        const ReloadKind pinned = at == 0 ? ReloadKind::kStaysMapped : ReloadKind::kAgain;
        plan.push_back({kChannels[at % std::size(kChannels)], isPinned(at) ? pinned : block[used++]});
      }
      if (!isPlayable(plan)) plan.resize(before);
    }
  }
  return plan;
}

}  // namespace gw::bench
