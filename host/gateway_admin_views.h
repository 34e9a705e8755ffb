#pragma once
// Sessions and connections as operators see them; [loop] of what is shown, but ofStored.

#include "admin/gateway_port.h"

namespace gw::plugin {
class Stream;
}
namespace gw::session {
class Session;
class SessionManager;
}  // namespace gw::session
namespace gw::store {
struct SessionRecord;
}

namespace gw::views {

/// whole: with its connections and rooms.
admin::SessionSnapshot ofSession(session::SessionManager& manager, session::Session& session, bool whole);
admin::ConnectionSnapshot ofConnection(session::SessionManager& manager, plugin::Stream& stream);
admin::SessionSnapshot ofStored(const store::SessionRecord& record);

}  // namespace gw::views
