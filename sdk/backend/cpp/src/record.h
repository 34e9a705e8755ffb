#pragma once
// The bytes of a record: one entry an account, one after the other. Numbers are little-endian base 128.

#include <string>
#include <string_view>
#include <vector>

#include "ledger.h"

namespace gw::backend {

struct RecordFrame {
  FrameKind kind;
  int64_t order;
  std::string_view payload;
};

struct RecordEntry {
  std::string_view session;
  bool isGone = false;
  bool isReset = false;
  int64_t seq = 0;
  int64_t n = 0;
  std::vector<RecordFrame> frames;  // the last is number n
};

/// Its counts and its fresh frames.
void appendEntry(std::string& record, const Account& account);
/// Takes one entry off the front; views into it. False: the bytes are not an entry.
bool readEntry(std::string_view& record, RecordEntry& entry);

}  // namespace gw::backend
