// Sessions and connections as operators see them. [loop] of what is shown.

#include "gateway_admin_views.h"

#include "gateway_parts.h"
#include "session/caller.h"

namespace gw {

std::string healthJson(const health::HealthReport& report) {
  std::string out = std::string("{\"status\":\"") + health::toString(report.level) + "\",\"at\":\"" +
                    formatUtc(report.atUs) + "\",\"uptimeMs\":" + std::to_string(report.uptimeMs) +
                    ",\"connections\":" + std::to_string(report.inputs.connections) + ",\"problems\":[";
  bool first = true;
  for (const auto& problem : report.problems) {
    out += (first ? "" : ",") + std::string("{\"level\":\"") + health::toString(problem.level) +
           "\",\"summary\":" + session::jsonString(problem.what) + ",\"sinceAt\":\"" + formatUtc(problem.sinceUs) +
           "\"}";
    first = false;
  }
  out += "],\"accounts\":[";
  first = true;
  for (const auto& account : report.inputs.accounts) {
    out += (first ? "" : ",") + std::string("{\"id\":") + session::jsonString(account.id()) + ",\"status\":\"" +
           health::accountStatus(account) + "\"}";
    first = false;
  }
  return out + "]}";
}

namespace views {

admin::ConnectionSnapshot ofConnection(session::SessionManager& manager, plugin::Stream& stream) {
  admin::ConnectionSnapshot out;
  out.id = "c" + std::to_string(stream.id());
  out.account = stream.traits().accountId;
  out.protocol = stream.channelId();
  out.peer = stream.peer().toString();
  out.tls = stream.connection().isTls();
  out.loop = manager.loop().index();
  const auto wallOf = [&](uint64_t monotonicNs) {
    return manager.nowUs() - static_cast<int64_t>((manager.nowNs() - std::min(manager.nowNs(), monotonicNs)) / 1000);
  };
  out.openedAt = wallOf(stream.openedAtNs());
  out.bytesIn = stream.connection().readBytes();
  out.bytesOut = stream.connection().writtenBytes();
  out.queuedBytes = stream.connection().queuedBytes();
  out.isHealthy = !stream.connection().isAboveSoft();
  out.generation = stream.instance().generation().number();
  if (const session::Attachment* attachment = manager.attachmentOf(stream.id())) {
    out.lastActivity = wallOf(attachment->lastSeenNs);
    out.client = attachment->client;
    out.device = attachment->device;
    if (attachment->session) {
      out.sessionId = attachment->session->id().toString();
      out.userName = attachment->session->user.userName;
      if (const session::Lineage* lineage = attachment->session->lineage(attachment->lineage)) {
        out.cursorEpoch = lineage->acknowledged.epoch;
        out.cursorSeq = lineage->acknowledged.seq;
      }
    }
  }
  return out;
}

admin::SessionSnapshot ofSession(session::SessionManager& manager, session::Session& session, bool whole) {
  admin::SessionSnapshot out;
  out.id = session.id().toString();
  out.state = session::toString(session.state());
  out.userId = session.user.userId;
  out.userName = session.user.userName;
  out.entityId = session.character.id;
  out.entityName = session.character.name;
  out.backend = manager.services().backendName;
  out.protocol = session.protocol;
  out.clientAddress = session.clientAddress;
  out.loop = manager.loop().index();
  out.createdAt = session.createdAtUs;
  out.lastActivity = session.lastActivityUs;
  if (session.state() == session::State::kDisconnected)
    out.expiresAt = session.lastActivityUs + static_cast<int64_t>(manager.limits().resumeWindowMs) * 1000;
  out.epoch = session.epoch;
  out.lastSeq = session.lastSeq;
  out.logEvents = session.log.size();
  out.logBytes = session.log.bytes();
  out.connectionCount = session.attachments().size();
  if (!whole) return out;
  for (const session::Attachment* attachment : session.attachments())
    out.connections.push_back(ofConnection(manager, attachment->stream));
  out.rooms = session.rooms;
  return out;
}

admin::SessionSnapshot ofStored(const store::SessionRecord& record) {
  admin::SessionSnapshot out;
  out.id = record.id.toString();
  out.state = "disconnected";
  out.userId = record.userId;
  out.userName = record.userName;
  out.entityId = record.entityId;
  out.entityName = record.entityName;
  out.backend = record.backend;
  out.protocol = record.protocol;
  out.clientAddress = record.clientAddress;
  out.createdAt = record.createdAt;
  out.lastActivity = record.lastActivity;
  out.expiresAt = record.expiresAt;
  out.epoch = record.epoch;
  out.lastSeq = record.lastSeq;
  return out;
}

}  // namespace views
}  // namespace gw
