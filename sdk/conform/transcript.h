#pragma once
// Transcript: all that the client and the host saw of a connection, in words, to compare two runs of a conversation.

#include <string>
#include <string_view>
#include <vector>

#include "testing/fake_host.h"

namespace gw::conform {

struct Transcript {
  struct Entry {
    std::string name;   // "sent", "input 2"
    std::string value;  // for "sent" the bytes themselves
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;
  bool operator==(const Transcript&) const = default;
};

enum class Sight {
  kAll,    // what a client and the host can see
  kTaken,  // what the host was given: hellos, inputs, frames, sign-ins, acks
};

/// At its end, or earlier. nowNs: the fake clock, from which timers are told.
Transcript transcriptOf(const testing::FakeConn& conn, Sight sight, uint64_t nowNs);

/// The first difference, as a sentence; empty if there is none.
std::string differenceOf(const Transcript& expected, const Transcript& got);

}  // namespace gw::conform
