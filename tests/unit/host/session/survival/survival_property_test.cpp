// Whatever happens, in whatever order: sessions survive as docs/session-life.md promises. Each run prints
// its seed. GW_PROPERTY_SEED repeats a run; GW_PROPERTY_STEPS makes it longer (scripts/test.sh soak).

#include <cstdlib>
#include <iostream>
#include <random>

#include "unit/host/session/survival/survival_run.h"
#include "unit/host/session/survival/websocket_test.h"

namespace gw::test {
namespace {

uint64_t numberFrom(const char* variable, uint64_t usual) {
  const char* set = std::getenv(variable);
  return set ? std::strtoull(set, nullptr, 10) : usual;
}

class Survival : public WebsocketTest {
 protected:
  void survive(bool isStrict, size_t loops) {
    const uint64_t seed = numberFrom("GW_PROPERTY_SEED", std::random_device()());
    const uint64_t steps = numberFrom("GW_PROPERTY_STEPS", 2'500);
    std::cerr << "GW_PROPERTY_SEED=" << seed << " GW_PROPERTY_STEPS=" << steps << std::endl;
    SurvivalRun run(seed, isStrict, loops, channel_);
    run.steps(steps);
    for (const auto& [what, times] : run.ledger().counts()) std::cerr << what << ": " << times << "  ";
    std::cerr << std::endl;
    EXPECT_FALSE(run.ledger().isBroken()) << "GW_PROPERTY_SEED=" << seed << "\n" << run.ledger().story();
  }
};

}  // namespace

TEST_F(Survival, StrictOnOneLoop) { survive(true, 1); }
TEST_F(Survival, StrictOverTwoLoops) { survive(true, 2); }
TEST_F(Survival, RelaxedOnOneLoop) { survive(false, 1); }
TEST_F(Survival, RelaxedOverTwoLoops) { survive(false, 2); }

}  // namespace gw::test
