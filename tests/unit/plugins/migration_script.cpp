#include "migration_script.h"

#include <gtest/gtest.h>

#include <random>

#include "seen.h"

namespace gw::testing {
namespace {

using Outcome = FakeMigration::Outcome;

bool isEnding(const FakeConn& conn) { return conn.closedBy().has_value(); }

}  // namespace

MigrationScript& MigrationScript::bytes(std::string_view input) {
  for (const char byte : input) piece({&byte, 1});
  return *this;
}

MigrationScript& MigrationScript::piece(std::string_view input) {
  return then([input = std::string(input)](FakeConn& conn) { conn.receive(input); });
}

MigrationScript& MigrationScript::then(Act act) {
  steps_.push_back({std::move(act)});
  return *this;
}

MigrationScript& MigrationScript::wait(uint64_t ms) {
  steps_.push_back({[](FakeConn&) {}, ms});
  return *this;
}

MigrationScript& MigrationScript::text(std::string line, uint64_t seq, uint64_t epoch) {
  return then([=](FakeConn& conn) { conn.deliver(FakeEvent::line(line), seq, epoch); });
}

MigrationScript& MigrationScript::prompt(std::string text, uint32_t flags) {
  return then([=](FakeConn& conn) { conn.deliver(FakeEvent::prompt(text, flags)); });
}

std::vector<std::string> MigrationScript::run(Moving moving, size_t at, std::vector<std::string>* states) const {
  FakeHost host(plugin_, options_);
  FakeGeneration* here = &host.generation();
  FakeGeneration* there = &host.load(plugin_, options_);
  auto conn = host.open(open_);
  std::vector<std::string> seen;
  const auto move = [&](size_t step) {
    if (isEnding(*conn)) return;
    conn->retry();  // the host does so after a move, and may at any time
    if (states != nullptr || moving == Moving::kRehearsing) {
      const FakeMigration rehearsed = host.rehearse(*conn, *there);
      EXPECT_EQ(rehearsed.outcome, Outcome::kMoved) << "before step " << step << ": " << rehearsed.reason;
      if (states != nullptr) states->push_back(rehearsed.state);
      return;
    }
    if (moving == Moving::kNot || (moving == Moving::kOnce && step != at)) return;
    const FakeMigration moved = host.migrate(*conn, *there);
    EXPECT_EQ(moved.outcome, Outcome::kMoved) << "before step " << step << ": " << moved.reason;
    std::swap(here, there);
    EXPECT_EQ(host.rehearse(*conn, *there).state, moved.state) << "before step " << step;
  };
  for (size_t step = 0; step < steps_.size(); ++step) {
    move(step);
    steps_[step].act(*conn);
    if (steps_[step].waitMs != 0) host.advance(steps_[step].waitMs);
    seen.push_back(seenOf(*conn));
  }
  move(steps_.size());
  seen.push_back(askedOf(*conn));
  for (const auto& [name, value] : host.metrics()) seen.push_back(name + '=' + std::to_string(value));
  return seen;
}

void MigrationScript::expectMovesAreUnseen() const {
  const std::vector<std::string> still = run(Moving::kNot, 0);
  const auto expectSame = [&](Moving moving, size_t at, const char* what) {
    const std::vector<std::string> moved = run(moving, at);
    ASSERT_EQ(moved.size(), still.size());
    for (size_t i = 0; i < still.size(); ++i) ASSERT_EQ(moved[i], still[i]) << what << ' ' << at << ", step " << i;
  };
  expectSame(Moving::kRehearsing, 0, "given up before every step");
  expectSame(Moving::kAlways, 0, "moved before every step");
  for (size_t at = 0; at <= steps_.size(); ++at) expectSame(Moving::kOnce, at, "moved before step");
}

std::vector<std::string> MigrationScript::states() const {
  std::vector<std::string> states;
  run(Moving::kNot, 0, &states);
  return states;
}

void MigrationScript::expectHostileStatesAreHarmless(const std::vector<std::string>& states, const Act& use) const {
  FakeHost host(plugin_, options_);
  host.advance(3'600'000);  // later than any time in the states
  size_t refused = 0, taken = 0;
  const auto offer = [&](std::string_view state) {
    const auto conn = host.adopt(1, state, open_);
    if (conn == nullptr) {
      ++refused;
      ASSERT_NE(host.error(), "");
      return;
    }
    ++taken;
    use(*conn);
  };
  std::mt19937 random(7);
  for (const std::string& state : states) {
    ASSERT_NE(host.adopt(1, state, open_), nullptr) << host.error();
    for (size_t length = 0; length < state.size(); ++length) {
      ASSERT_EQ(host.adopt(1, state.substr(0, length), open_), nullptr) << "cut at " << length;
    }
    for (size_t bit = 0; bit < 8 * state.size(); ++bit) {
      std::string flipped = state;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      offer(flipped);
    }
    for (int round = 0; round < 200; ++round) {
      std::string rubbish = state;
      for (size_t n = 1 + random() % 4; n > 0; --n) rubbish[random() % rubbish.size()] = static_cast<char>(random());
      offer(rubbish);
    }
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(taken, 0u) << "the use was never tried";
  EXPECT_EQ(host.adopt(0, states.front(), open_), nullptr);
  EXPECT_EQ(host.adopt(999, states.front(), open_), nullptr) << "a version that nobody speaks";
  const std::string oversize(plugin_.descriptor->max_state_bytes + 1u, '\0');
  EXPECT_EQ(host.adopt(1, oversize, open_), nullptr);
}

}  // namespace gw::testing
