#include "session/state.h"

namespace gw::session {

const char* toString(State state) {
  switch (state) {
    case State::kConnecting:
      return "connecting";
    case State::kAuthenticating:
      return "authenticating";
    case State::kCharacterSelection:
      return "characterSelection";
    case State::kPlaying:
      return "playing";
    case State::kDisconnected:
      return "disconnected";
    case State::kClosed:
      return "closed";
  }
  return "closed";
}

State parseState(const std::string& word) {
  for (const State state :
       {State::kConnecting, State::kAuthenticating, State::kCharacterSelection, State::kPlaying, State::kDisconnected})
    if (word == toString(state)) return state;
  return State::kClosed;
}

bool isLegal(State from, State to) {
  if (to == State::kClosed) return from != State::kClosed;
  switch (from) {
    case State::kConnecting:
      return to == State::kAuthenticating;
    case State::kAuthenticating:
      return to == State::kCharacterSelection;
    case State::kCharacterSelection:
      return to == State::kPlaying;
    case State::kPlaying:
      return to == State::kDisconnected || to == State::kCharacterSelection;
    case State::kDisconnected:
      return to == State::kPlaying;
    case State::kClosed:
      return false;
  }
  return false;
}

Result<void> checkTransition(State from, State to) {
  if (isLegal(from, to)) return {};
  return fail(ErrorCode::kConflict, std::string("a session cannot go from ") + toString(from) + " to " + toString(to));
}

}  // namespace gw::session
