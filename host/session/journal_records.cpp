#include "session/journal_records.h"

#include <cstring>

namespace gw::session {
namespace {

constexpr char kVersion = 1;

enum Op : char {
  kSession = 'S',
  kBody = 'B',
  kEvent = 'E',
  kCommand = 'C',
  kDone = 'A',
  kDevice = 'D',
  kRooms = 'R',
  kOutputCount = 'N'
};

void putNumber(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool isAtEnd() const { return rest_.empty(); }
  bool ok() const { return ok_; }

  char byte() {
    if (rest_.empty()) return ok_ = false, '\0';
    const char value = rest_.front();
    rest_.remove_prefix(1);
    return value;
  }
  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = static_cast<uint8_t>(byte());
      value |= uint64_t{next & 0x7fu} << shift;
      if (!(next & 0x80)) return value;
    }
    return ok_ = false, 0;
  }
  std::string_view raw(uint64_t length) {
    if (rest_.size() < length) return ok_ = false, std::string_view();
    const std::string_view value = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return value;
  }
  std::string text() { return std::string(raw(number())); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

class PartReader {
 public:
  PartReader(std::string_view part, const std::function<void(JournalRecord)>& each) : in_(part), each_(each) {}

  bool read() {
    if (in_.byte() != kVersion) return false;
    while (in_.ok() && !in_.isAtEnd())
      if (!operation(in_.byte())) return false;
    return in_.ok();
  }

 private:
  bool operation(char op) {
    if (op == kSession) return addSession();
    if (op == kBody) {
      bodies_.push_back(std::make_shared<const std::string>(in_.text()));
      return in_.ok();
    }
    JournalRecord record;
    const uint64_t session = in_.number();
    record.number = in_.number();
    if (!in_.ok() || session >= sessions_.size() || !readMembers(op, record)) return false;
    record.session = sessions_[session];
    each_(std::move(record));
    return true;
  }

  bool addSession() {
    const std::string_view raw = in_.raw(sizeof(SessionId));
    if (!in_.ok()) return false;
    SessionId id;
    std::memcpy(&id.hi, raw.data(), sizeof id.hi);
    std::memcpy(&id.lo, raw.data() + sizeof id.hi, sizeof id.lo);
    sessions_.push_back(id);
    return true;
  }

  bool readMembers(char op, JournalRecord& record) {
    switch (op) {
      case kEvent: {
        record.kind = JournalRecord::Kind::kEvent;
        record.at = {in_.number(), in_.number()};
        const uint64_t body = in_.number();
        if (!in_.ok() || body >= bodies_.size()) return false;
        record.body = bodies_[body];
        return true;
      }
      case kCommand:
        record.kind = JournalRecord::Kind::kCommand;
        record.seq = in_.number();
        record.text = in_.text();
        return in_.ok();
      case kDone:
        record.kind = JournalRecord::Kind::kCommandsDone;
        record.seq = in_.number();
        return in_.ok();
      case kDevice:
        record.kind = JournalRecord::Kind::kDevice;
        record.text = in_.text();
        record.seq = in_.number();
        return in_.ok();
      case kRooms:
        record.kind = JournalRecord::Kind::kRooms;
        for (uint64_t left = in_.number(); left > 0 && in_.ok(); --left) record.rooms.push_back(in_.text());
        return in_.ok();
      case kOutputCount:
        record.kind = JournalRecord::Kind::kOutputCount;
        record.text = in_.text();
        record.seq = in_.number();
        return in_.ok();
      default:
        return false;
    }
  }

  Reader in_;
  const std::function<void(JournalRecord)>& each_;
  std::vector<SessionId> sessions_;
  std::vector<std::shared_ptr<const std::string>> bodies_;
};

}  // namespace

void JournalWriter::number(uint64_t value) { putNumber(bytes_, value); }

void JournalWriter::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
}

uint32_t JournalWriter::addSession(const SessionId& id) {
  if (bytes_.empty()) bytes_.push_back(kVersion);
  bytes_.push_back(kSession);
  bytes_.append(reinterpret_cast<const char*>(&id.hi), sizeof id.hi);
  bytes_.append(reinterpret_cast<const char*>(&id.lo), sizeof id.lo);
  sessions_.push_back(id);
  return static_cast<uint32_t>(sessions_.size() - 1);
}

uint32_t JournalWriter::addBody(const plugin::Event& event) {
  if (bytes_.empty()) bytes_.push_back(kVersion);
  bytes_.push_back(kBody);
  text(packEvent(event));
  return bodies_++;
}

void JournalWriter::begin(char op, uint32_t session, uint64_t record) {
  bytes_.push_back(op);
  number(session);
  number(record);
}

void JournalWriter::event(uint32_t session, uint64_t record, Position at, uint32_t body) {
  begin(kEvent, session, record);
  number(at.epoch);
  number(at.seq);
  number(body);
}

void JournalWriter::command(uint32_t session, uint64_t record, uint64_t seq, std::string_view line) {
  begin(kCommand, session, record);
  number(seq);
  text(line);
}

void JournalWriter::commandsDone(uint32_t session, uint64_t record, uint64_t seq) {
  begin(kDone, session, record);
  number(seq);
}

void JournalWriter::device(uint32_t session, uint64_t record, std::string_view device, uint64_t clientSeq) {
  begin(kDevice, session, record);
  text(device);
  number(clientSeq);
}

void JournalWriter::rooms(uint32_t session, uint64_t record, const std::vector<std::string>& rooms) {
  begin(kRooms, session, record);
  number(rooms.size());
  for (const std::string& room : rooms) text(room);
}

void JournalWriter::outputCount(uint32_t session, uint64_t record, std::string_view instance, uint64_t n) {
  begin(kOutputCount, session, record);
  text(instance);
  number(n);
}

std::string JournalWriter::take() {
  std::string part = std::move(bytes_);
  *this = JournalWriter();
  return part;
}

void appendPart(std::string& commit, std::string_view part) {
  putNumber(commit, part.size());
  commit.append(part);
}

Result<void> readCommit(std::string_view commit, const std::function<void(JournalRecord)>& each) {
  Reader in(commit);
  while (in.ok() && !in.isAtEnd()) {
    const std::string_view part = in.raw(in.number());
    if (!in.ok() || !PartReader(part, each).read()) break;
    if (in.isAtEnd()) return {};
  }
  if (commit.empty()) return {};
  return fail(ErrorCode::kInternal, "a part of the journal is damaged");
}

}  // namespace gw::session
