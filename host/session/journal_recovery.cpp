#include "session/journal_recovery.h"

#include <algorithm>
#include <unordered_map>

#include "session/journal_records.h"
#include "session/session.h"
#include "session/session_metadata.h"
#include "store/session_store.h"

namespace gw::session {
namespace {

constexpr size_t kCommitsPerRead = 64;
constexpr size_t kSessionsPerTransaction = 256;

using Records = std::vector<JournalRecord>;
using RecordsBySession = std::unordered_map<SessionId, Records>;

void addEvent(store::SessionBundle& bundle, const JournalRecord& record) {
  store::SessionRecord& row = bundle.session;
  if (record.at.epoch > row.epoch) {
    row.epoch = record.at.epoch;
    row.lastSeq = 0;
  }
  row.lastSeq = std::max(row.lastSeq, record.at.seq);
  bundle.log.push_back({record.at.epoch, record.at.seq, *record.body});
}

void setDevice(std::vector<store::DeviceRecord>& devices, const JournalRecord& record) {
  std::erase_if(devices, [&](const auto& known) { return known.device == record.text; });
  if (devices.size() >= Session::kMaxDevices) devices.erase(devices.begin());
  devices.push_back({record.text, record.seq});
}

void apply(store::SessionBundle& bundle, const JournalRecord& record) {
  switch (record.kind) {
    case JournalRecord::Kind::kEvent:
      return addEvent(bundle, record);
    case JournalRecord::Kind::kCommand:
      bundle.session.commandSeq = std::max(bundle.session.commandSeq, record.seq);
      bundle.commands.push_back({record.seq, record.text});
      return;
    case JournalRecord::Kind::kCommandsDone:
      std::erase_if(bundle.commands, [&](const auto& command) { return command.seq <= record.seq; });
      return;
    case JournalRecord::Kind::kDevice:
      return setDevice(bundle.devices, record);
    case JournalRecord::Kind::kRooms:
      bundle.rooms = record.rooms;
      return;
    case JournalRecord::Kind::kOutputCount:
      return;  // addCounts(): they are in the metadata, which is read and written once
  }
}

void addCounts(store::SessionRecord& row, const Records& records, uint64_t included) {
  SessionMetadata metadata = parseMetadata(row.metadata);
  bool isChanged = false;
  for (const JournalRecord& record : records) {
    if (record.kind != JournalRecord::Kind::kOutputCount || record.number <= included) continue;
    metadata.outputCounts.set(record.text, record.seq);
    isChanged = true;
  }
  if (isChanged) row.metadata = toJson(metadata);
}

/// Brings one session's row up to date.
Result<void> recoverSession(store::SessionStore& store, const SessionId& id, const Records& records,
                            RecoveryFigures& figures) {
  auto stored = store.readSession(id);
  if (!stored) return stored.error();
  if (!*stored) return {};  // it ended
  store::SessionBundle bundle = std::move(**stored);
  const uint64_t included = bundle.session.recordCount;
  const size_t eventsBefore = bundle.log.size();
  addCounts(bundle.session, records, included);
  for (const JournalRecord& record : records) {
    if (record.number <= included) continue;
    apply(bundle, record);
    bundle.session.recordCount = record.number;
  }
  if (bundle.session.recordCount == included) return {};
  ++figures.sessions;
  figures.events += bundle.log.size() - eventsBefore;
  return store.saveSession(bundle);
}

Result<uint64_t> readAll(store::SessionStore& store, const std::string& gatewayId, RecordsBySession& records,
                         RecoveryFigures& figures) {
  uint64_t last = 0;
  while (true) {
    const auto page = store.readJournal(gatewayId, last, kCommitsPerRead);
    if (!page) return page.error();
    if (page->empty()) return last;
    for (const store::JournalEntry& entry : *page) {
      const auto read = readCommit(entry.packed, [&](JournalRecord record) {
        ++figures.records;
        records[record.session].push_back(std::move(record));
      });
      if (!read)
        return fail(ErrorCode::kInternal, "commit " + std::to_string(entry.number) + ": " + read.error().message);
      last = entry.number;
      ++figures.commits;
    }
  }
}

}  // namespace

Result<RecoveryFigures> recoverJournal(store::SessionStore& store, const std::string& gatewayId) {
  RecoveryFigures figures;
  RecordsBySession records;
  const auto last = readAll(store, gatewayId, records, figures);
  if (!last) return last.error();
  for (auto next = records.begin(); next != records.end();) {
    if (auto begun = store.begin(); !begun) return begun.error();
    for (size_t i = 0; i < kSessionsPerTransaction && next != records.end(); ++i, ++next) {
      if (auto done = recoverSession(store, next->first, next->second, figures); !done) {
        store.rollback();
        return done.error();
      }
    }
    if (auto done = store.commit(); !done) return done.error();
  }
  if (auto trimmed = store.trimJournal(gatewayId, *last); !trimmed) return trimmed.error();
  return figures;
}

}  // namespace gw::session
