#include "session/code_guesses.h"

#include <gtest/gtest.h>

namespace gw::session {
namespace {

using End = CodeGuesses::End;

TEST(CodeGuesses, AnAddressThatGuessesIsMadeToWaitAndOthersAreNot) {
  CodeGuesses guesses;
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(guesses.begin("here", 1000), 0u);
    guesses.ended("here", End::kWrong, 1000);
  }
  EXPECT_EQ(guesses.begin("here", 1000), 15'000u);
  EXPECT_EQ(guesses.begin("there", 1000), 0u);
  EXPECT_EQ(guesses.begin("here", 16'000), 0u);
}

TEST(CodeGuesses, GuessesAtTheSameTimeAreNoMoreThanTheFreeOnes) {
  CodeGuesses guesses;
  for (int i = 0; i < 5; ++i) ASSERT_EQ(guesses.begin("here", 1000), 0u);
  EXPECT_GT(guesses.begin("here", 1000), 0u);
}

TEST(CodeGuesses, WhatTheStoreDidNotAnswerIsNoGuess) {
  CodeGuesses guesses;
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(guesses.begin("here", 1000), 0u);
    guesses.ended("here", End::kNotChecked, 1000);
  }
}

}  // namespace
}  // namespace gw::session
