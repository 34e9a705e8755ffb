#pragma once
// SavedParts: what of a session was handed to the store last, by its hash, so that a save writes only what has
// changed since: of a busy session that is its row and its log.
//
// Thread: the session's home loop. In memory only: the first save after a load writes everything.

#include <cstdint>

#include "store/records.h"

namespace gw::session {

class SavedParts {
 public:
  /// Marks in the bundle what is as it was at the last call, and remembers how it is now.
  void compare(store::SessionBundle& bundle);
  /// A save has failed: it is not known what is stored.
  void forget() { *this = {}; }

 private:
  uint64_t lineages_ = 0;
  uint64_t devices_ = 0;
  uint64_t commands_ = 0;
  uint64_t tokens_ = 0;
  uint64_t rooms_ = 0;
};

}  // namespace gw::session
