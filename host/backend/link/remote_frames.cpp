// RemoteBackend: what the frames of a connection may do, and the count of those without a session.

#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "backend/link/inbound.h"
#include "backend/link/remote_backend.h"

namespace gw::link {
namespace {

constexpr size_t kMaxRequests = 1000;

}  // namespace

void RemoteBackend::received(LinkConnection& from, const Json& frame) { Inbound(*this, from, frame).handle(); }

uint64_t RemoteBackend::lastShared(const std::string& instance) {
  const std::lock_guard lock(countsMutex_);
  return counts_.last(instance);
}

Result<void> RemoteBackend::mayActOn(const SessionId& session, LinkConnection& from, uint64_t n,
                                     std::string requestId) {
  const std::lock_guard lock(mutex_);
  Served* served = servedBy(session, from);
  if (!served)
    return sessions_.contains(session)
               ? fail(ErrorCode::kForbidden, "another connection serves this session", kOtherConnection)
               : fail(ErrorCode::kNotFound, "there is no such session", kNoSession);
  if (n == 0) return {};
  if (served->requests.size() >= kMaxRequests)
    return fail(ErrorCode::kRateLimited, "too many requests for this session");
  served->requests.emplace_back(n, std::move(requestId));
  return {};
}

void RemoteBackend::noteAnswer(bool isAwaited, bool isOk, uint64_t tookMs) {
  const std::lock_guard lock(mutex_);
  if (!isAwaited) {
    ++figures_.lateAnswers;
    return;
  }
  if (!isOk) ++figures_.callsFailed;
  size_t bucket = 0;
  while (bucket < kLatencyBoundsMs.size() && tookMs > kLatencyBoundsMs[bucket]) ++bucket;
  ++figures_.latency[bucket];
  figures_.answeredMs += tookMs;
}

// The counts and what they count are one unit: in strict a crash keeps both or neither.
Result<std::string> RemoteBackend::takeShared(LinkConnection& from, uint64_t n, const std::function<void()>& act) {
  if (n == 0) {
    act();
    return std::string("{}");
  }
  const std::lock_guard lock(countsMutex_);
  switch (counts_.take(*from.instance, n)) {
    case session::OutputCounts::Verdict::kAhead: {
      Error error = fail(ErrorCode::kConflict, "frames before this one are missing");
      error.detail = expectedJson(counts_.last(*from.instance) + 1);
      return error;
    }
    case session::OutputCounts::Verdict::kDuplicate:
      from.acknowledgeShared(counts_.last(*from.instance));
      return std::string("{}");
    case session::OutputCounts::Verdict::kNext:
      break;
  }
  sink_.beginUnit();
  act();
  const uint64_t now = clock_.nowNs();
  const bool isKept = isExact_ || now - keptNs_ > kKeepEachNs;
  if (isKept) {
    keptNs_ = now;
    sink_.keep(countsKey(options_.name), session::toJson(counts_),
               [isExact = isExact_, n, connection = from.weak_from_this()](Result<void> kept) {
                 const auto there = connection.lock();
                 if (isExact && kept && there) there->acknowledgeShared(n);
               });
  }
  sink_.endUnit();
  if (!isExact_) from.acknowledgeShared(n);
  return std::string("{}");
}

}  // namespace gw::link
