#pragma once
// Stage: what one call of the author's wants, until it is known whether the call succeeds.

#include <functional>
#include <optional>
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

  /// Throws std::length_error if it does not fit into a message, OutboxFull if there is no room.
  void add(std::string_view session, FrameKind kind, std::string payload, bool isCounted);
  /// For the next call.
  void clear(std::optional<size_t> framesThatFit = {}) {
    room = framesThatFit;
    isOverfull = false;
    frames.clear();
    requests.clear();
    afterCommit.clear();
  }

  const Ledger& ledger;
  Poco::Data::Session& database;
  std::optional<size_t> room;  // for so many counted frames; nothing: no bound
  bool isOverfull = false;     // there was one too many: the call fails
  std::vector<StagedFrame> frames;
  std::vector<StagedRequest> requests;
  std::vector<std::function<void()>> afterCommit;

 private:
  void takeRoom(std::string_view session);
};

}  // namespace gw::backend
