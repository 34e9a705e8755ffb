#include "channel/account_snapshot.h"

namespace gw::channel {

const char* toString(AccountState state) {
  switch (state) {
    case AccountState::kStopped:
      return "stopped";
    case AccountState::kStarting:
      return "starting";
    case AccountState::kRunning:
      return "running";
    case AccountState::kStopping:
      return "stopping";
    case AccountState::kError:
      return "error";
  }
  return "error";
}

}  // namespace gw::channel
