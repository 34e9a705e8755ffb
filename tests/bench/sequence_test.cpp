#include "bench/sequence.h"

#include <gtest/gtest.h>

namespace gw::bench {
namespace {

SequenceFaults faultsOf(std::initializer_list<uint32_t> numbers) {
  Sequence sequence;
  SequenceFaults faults;
  for (const uint32_t number : numbers) sequence.take(number, faults);
  return faults;
}

TEST(Sequence, FindsNothingWrongWithOneAfterAnother) { EXPECT_EQ(faultsOf({1, 2, 3, 4}).all(), 0u); }

TEST(Sequence, CountsWhatIsMissing) {
  EXPECT_EQ(faultsOf({1, 4}).lost, 2u);
  EXPECT_EQ(faultsOf({3}).lost, 2u);  // the first ones too
  EXPECT_EQ(faultsOf({1, 4, 5}).all(), 2u);
}

TEST(Sequence, CountsWhatComesTwice) {
  EXPECT_EQ(faultsOf({1, 2, 2, 1, 3}).doubled, 2u);
  EXPECT_EQ(faultsOf({1, 2, 2, 1, 3}).all(), 2u);
}

TEST(Sequence, TellsWhatComesLateFromWhatIsLost) {
  const SequenceFaults faults = faultsOf({1, 4, 2, 3, 5});
  EXPECT_EQ(faults.reordered, 2u);
  EXPECT_EQ(faults.all(), 2u);
  EXPECT_EQ(faultsOf({1, 3, 2, 2}).doubled, 1u);
}

}  // namespace
}  // namespace gw::bench
