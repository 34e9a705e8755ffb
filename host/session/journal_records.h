#pragma once
// What strict durability writes down, as bytes. One part per loop and commit: a version byte, then
// operations in order. Sessions and event bodies are named once a part and numbered from 0, so that an
// event for a thousand sessions costs its body once and some ten bytes for each of them.
//
// Numbers are LEB128 varints, strings a length and their bytes. Every record but the definitions carries
// its session's record number: a session's row says how many of its records it includes.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "session/event_log.h"

namespace gw::session {

/// One loop's part under construction.
class JournalWriter {
 public:
  /// Names a session or a body in this part; returns its number.
  uint32_t addSession(const SessionId& id);
  uint32_t addBody(const plugin::Event& event);

  void event(uint32_t session, uint64_t record, Position at, uint32_t body);
  /// Taken from a client, for the backend.
  void command(uint32_t session, uint64_t record, uint64_t seq, std::string_view text);
  /// Acknowledged by the backend, cumulatively.
  void commandsDone(uint32_t session, uint64_t record, uint64_t seq);
  void device(uint32_t session, uint64_t record, std::string_view device, uint64_t clientSeq);
  void rooms(uint32_t session, uint64_t record, const std::vector<std::string>& rooms);
  /// The backend's counted frames up to n are in.
  void outputCount(uint32_t session, uint64_t record, std::string_view instance, uint64_t n);

  bool isEmpty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  const std::vector<SessionId>& sessions() const { return sessions_; }
  /// The finished part; the writer is as new.
  std::string take();

 private:
  void begin(char op, uint32_t session, uint64_t record);
  void number(uint64_t value);
  void text(std::string_view value);

  std::string bytes_;
  std::vector<SessionId> sessions_;
  uint32_t bodies_ = 0;
};

struct JournalRecord {
  enum class Kind { kEvent, kCommand, kCommandsDone, kDevice, kRooms, kOutputCount } kind = Kind::kEvent;
  SessionId session;
  uint64_t number = 0;                      // of the session's records
  Position at;                              // kEvent
  std::shared_ptr<const std::string> body;  // kEvent: packEvent(); shared by all that got it
  uint64_t seq = 0;                         // kCommand, kCommandsDone; kDevice: clientSeq; kOutputCount: n
  std::string text;                         // kCommand; kDevice: the device; kOutputCount: the instance
  std::vector<std::string> rooms;
};

/// A part with its length before it: a commit is the parts of all loops, one after another.
void appendPart(std::string& commit, std::string_view part);
/// Calls `each` for every record of a commit, in order. Fails kInternal at bytes that it does not know.
Result<void> readCommit(std::string_view commit, const std::function<void(JournalRecord)>& each);

}  // namespace gw::session
