#pragma once
// Terminals (text-only streams) cannot acknowledge; what TCP has acknowledged stands in for it and moves
// their lineages' cursors (Stream::reportAcknowledged). Here is what follows from that: where the next
// terminal begins. Nobody holds a token of a terminal's lineage: only a typed code or a login leads on.
//
// Thread: the session's home loop.

#include "session/event_log.h"

namespace gw::session {

class Attachment;
class Session;

/// Moves the cursors of the terminals that are attached to what has arrived there by now.
void askTerminals(Session& session);

/// It came in, or somebody typed there: the next one goes on where this one is.
void noteTerminalUsed(Attachment& attachment);

/// Where the lineage of a terminal begins that takes the session over: at the cursor of the terminal that
/// was used last. Without one: at the log's start.
Position terminalStart(Session& session);

/// Before replay(): says so if what follows may have been seen already. Other streams tell by the position.
void announceRepeats(Attachment& to, Position after);

/// After a terminal has come in: those that are gone would hold the log for nobody.
void forgetGoneTerminals(Session& session);

}  // namespace gw::session
