#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace gw {
namespace {

TEST(Result, NamesEveryErrorByItsWireCode) {
  EXPECT_STREQ(toString(ErrorCode::kInvalid), "INVALID_REQUEST");
  EXPECT_STREQ(toString(ErrorCode::kNotFound), "NOT_FOUND");
  EXPECT_STREQ(toString(ErrorCode::kMethodNotFound), "METHOD_NOT_FOUND");
  EXPECT_STREQ(toString(ErrorCode::kConflict), "CONFLICT");
  EXPECT_STREQ(toString(ErrorCode::kNotConnected), "NOT_CONNECTED");
  EXPECT_STREQ(toString(ErrorCode::kUnauthorized), "UNAUTHORIZED");
  EXPECT_STREQ(toString(ErrorCode::kForbidden), "FORBIDDEN");
  EXPECT_STREQ(toString(ErrorCode::kRateLimited), "RATE_LIMITED");
  EXPECT_STREQ(toString(ErrorCode::kTooLarge), "TOO_LARGE");
  EXPECT_STREQ(toString(ErrorCode::kUnavailable), "UNAVAILABLE");
  EXPECT_STREQ(toString(ErrorCode::kBusy), "UNAVAILABLE");
  EXPECT_STREQ(toString(ErrorCode::kTimeout), "TIMEOUT");
  EXPECT_STREQ(toString(ErrorCode::kInternal), "INTERNAL");
}

TEST(Result, CarriesEitherTheValueOrTheError) {
  Result<std::string> good(std::string("value"));
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, "value");
  EXPECT_EQ(good->size(), 5u);
  const Result<std::string> bad = fail(ErrorCode::kConflict, "taken", "nameTaken");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kConflict);
  EXPECT_EQ(bad.error().detail, "nameTaken");
  EXPECT_EQ(bad.error().retryAfterMs, -1);
  const Result<void> none;
  EXPECT_TRUE(none.ok());
  const Result<void> failed = fail(ErrorCode::kBusy, "wait");
  EXPECT_FALSE(static_cast<bool>(failed));
}

TEST(Clock, FormatsUtcWithMilliseconds) {
  EXPECT_EQ(formatUtc(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(formatUtc(1'772'366'400'123'999), "2026-03-01T12:00:00.123Z");
  EXPECT_EQ(formatUtc(951'782'400'000'000), "2000-02-29T00:00:00.000Z");
}

TEST(Clock, FormatsTimesBefore1970WithoutNegativeParts) { EXPECT_EQ(formatUtc(-1), "1969-12-31T23:59:59.999Z"); }

TEST(Clock, MonotonicTimeNeverGoesBack) {
  const uint64_t first = systemClock().nowNs();
  const uint64_t second = systemClock().nowNs();
  EXPECT_GE(second, first);
  EXPECT_GT(systemClock().wallUs(), 1'700'000'000'000'000);
}

}  // namespace
}  // namespace gw
