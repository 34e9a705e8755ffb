#include "session/state.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace gw::session {
namespace {

constexpr State kAll[] = {State::kConnecting, State::kAuthenticating, State::kCharacterSelection,
                          State::kPlaying,    State::kDisconnected,   State::kClosed};

TEST(SessionState, AllowsExactlyTheDocumentedTransitions) {
  const std::set<std::pair<State, State>> legal{
      {State::kConnecting, State::kAuthenticating},  {State::kAuthenticating, State::kCharacterSelection},
      {State::kCharacterSelection, State::kPlaying}, {State::kPlaying, State::kDisconnected},
      {State::kPlaying, State::kCharacterSelection}, {State::kDisconnected, State::kPlaying},
      {State::kConnecting, State::kClosed},          {State::kAuthenticating, State::kClosed},
      {State::kCharacterSelection, State::kClosed},  {State::kPlaying, State::kClosed},
      {State::kDisconnected, State::kClosed}};
  for (const State from : kAll)
    for (const State to : kAll)
      EXPECT_EQ(isLegal(from, to), legal.contains({from, to})) << toString(from) << toString(to);
}

TEST(SessionState, SaysFromAndToOfARefusedTransition) {
  const auto refused = checkTransition(State::kDisconnected, State::kAuthenticating);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "a session cannot go from disconnected to authenticating");
}

TEST(SessionState, ReadsItsOwnWords) {
  for (const State state : kAll) EXPECT_EQ(parseState(toString(state)), state);
  EXPECT_EQ(parseState("nonsense"), State::kClosed);
}

}  // namespace
}  // namespace gw::session
