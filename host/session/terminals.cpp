#include "session/terminals.h"

#include <algorithm>

#include "plugin/stream.h"
#include "session/session.h"

namespace gw::session {

void askTerminals(Session& session) {
  for (Attachment* attachment : session.attachments()) attachment->stream.reportAcknowledged();
}

void noteTerminalUsed(Attachment& attachment) {
  if (!attachment.session || !attachment.stream.isTextOnly()) return;
  if (attachment.session->lineage(attachment.lineage)) attachment.session->lastTerminal = attachment.lineage;
}

Position terminalStart(Session& session) {
  askTerminals(session);
  const Lineage* last = session.lineage(session.lastTerminal);
  return last ? last->acknowledged : Position{};
}

void announceRepeats(Attachment& to, Position after) {
  const Session& session = *to.session;
  const size_t first = session.log.firstAbove(after);
  if (!to.stream.isTextOnly() || first >= session.log.size() || session.log.at(first).at > session.shownHead()) return;
  plugin::Event event;
  event.text = "(The next lines may repeat some that you have seen.)";
  Session::emitPrivate(to, std::move(event));
}

void forgetGoneTerminals(Session& session) {
  std::erase_if(session.lineages(), [&](const Lineage& lineage) {
    return lineage.isTerminal && lineage.id != session.lastTerminal &&
           std::none_of(session.attachments().begin(), session.attachments().end(),
                        [&](const Attachment* attachment) { return attachment->lineage == lineage.id; });
  });
}

}  // namespace gw::session
