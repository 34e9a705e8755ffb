#include "abi_layout.h"

#include <gtest/gtest.h>

// The assertions are static; what can only be checked at run time is that C++ and C agree on enums.
TEST(AbiLayout, StatusCodesAreNegativeAndStable) {
  EXPECT_EQ(GW_OK, 0);
  const int codes[] = {GW_E_AGAIN,       GW_E_INVALID, GW_E_NOMEM, GW_E_PROTO,
                       GW_E_UNSUPPORTED, GW_E_STATE,   GW_E_LIMIT, GW_E_INTERNAL};
  int expected = -1;
  for (const int code : codes) EXPECT_EQ(code, expected--);
}
