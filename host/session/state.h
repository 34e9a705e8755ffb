#pragma once
// The session's six states and their legal transitions (docs/session-life.md draws them).

#include <cstdint>
#include <string>

#include "base/result.h"

namespace gw::session {

/// Values are GW_STATE_* of gw/stream.h.
enum class State : uint8_t { kConnecting, kAuthenticating, kCharacterSelection, kPlaying, kDisconnected, kClosed };

const char* toString(State state);          // "connecting", "authenticating", ...: the words on the wire
State parseState(const std::string& word);  // unknown: kClosed

bool isLegal(State from, State to);
/// Fails kConflict with a sentence that names from and to.
Result<void> checkTransition(State from, State to);

}  // namespace gw::session
