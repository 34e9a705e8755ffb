#pragma once
// Stage: what one call of the author's wants, until it is known whether the call succeeds.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "frames.h"
#include "gw/backend/transaction.hpp"

namespace Poco::Data {
class Session;
}

namespace gw::backend {

class Ledger;

struct StagedFrame {
  std::string session;  // empty: without one
  FrameKind kind = FrameKind::kOutput;
  bool isCounted = true;
  std::string payload;
};

struct StagedRequest {
  std::string method;
  std::string params;
  OnReport then;
};

class Stage {
 public:
  Stage(const Ledger& people, Poco::Data::Session& session) : ledger(people), database(session) {}

  /// Throws std::length_error if it does not fit into a message.
  void add(std::string_view session, FrameKind kind, std::string payload, bool isCounted);
  void clear() {
    frames.clear();
    requests.clear();
    afterCommit.clear();
  }

  const Ledger& ledger;
  Poco::Data::Session& database;
  std::vector<StagedFrame> frames;
  std::vector<StagedRequest> requests;
  std::vector<std::function<void()>> afterCommit;
};

}  // namespace gw::backend
