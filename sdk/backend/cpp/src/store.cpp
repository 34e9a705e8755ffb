#include "store.h"

#include <Poco/Data/LOB.h>
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <mutex>
#include <random>
#include <stdexcept>

#include "raw_statement.h"

namespace gw::backend {
namespace {

using Poco::Data::Keywords::into;
using Poco::Data::Keywords::now;
using Poco::Data::Keywords::use;

// A checkpoint when so much could be deleted: rare enough to cost nothing, early enough to keep the file small.
constexpr size_t kRecordsToCheckpoint = 256;
constexpr size_t kBytesToCheckpoint = size_t{8} << 20U;

constexpr const char* kSchema[] = {
    "CREATE TABLE IF NOT EXISTS gw_instance(name TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS gw_record(id INTEGER PRIMARY KEY, entries BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS gw_session(session TEXT PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL, "
    "acked INTEGER NOT NULL, floor INTEGER NOT NULL, gone INTEGER NOT NULL) WITHOUT ROWID"};

Poco::Data::Session opened(const std::string& file) {
  static std::once_flag once;
  std::call_once(once, [] { Poco::Data::SQLite::Connector::registerConnector(); });
  return Poco::Data::Session("SQLite", file);
}

std::string randomName() {
  constexpr char kHex[] = "0123456789abcdef";
  std::random_device random;
  std::string name;
  while (name.size() < 32) name += kHex[random() & 15U];
  return name;
}

// Two processes with one outbox would send each frame twice.
class FileLock {
 public:
  explicit FileLock(const std::string& file) : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
    if (fd_ >= 0) ::close(fd_);
    throw std::runtime_error("database: cannot lock " + file +
                             ": another process uses it, or the folder is not writable");
  }
  ~FileLock() { ::close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

}  // namespace

class Store::Impl {
 public:
  Impl(const std::string& file, Durability durability)
      : lock_(file + ".lock"), session_(opened(file)), raw_(Poco::Data::SQLite::Utility::dbHandle(session_)) {
    session_ << "PRAGMA busy_timeout = 5000", now;
    std::string mode;
    session_ << "PRAGMA journal_mode = WAL", into(mode), now;
    session_ << (durability == Durability::kFull ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"), now;
    session_ << "PRAGMA wal_autocheckpoint = 4000", now;
    // Savepoints keep their old pages in a temporary file otherwise.
    session_ << "PRAGMA temp_store = MEMORY", now;
    for (const char* sql : kSchema) session_ << sql, now;
    readInstance();
    prepare();
  }

  void load(Ledger& ledger) {
    loadSessions(ledger);
    std::vector<Poco::Int64> ids;
    std::vector<Poco::Data::BLOB> records;
    session_ << "SELECT id, entries FROM gw_record ORDER BY id", into(ids), into(records), now;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!ledger.replay(ids[i], {reinterpret_cast<const char*>(records[i].rawContent()), records[i].size()}))
        throw std::runtime_error("database: record " + std::to_string(ids[i]) + " of gw_record is broken");
      lastRecord_ = ids[i];
    }
    ledger.finishReplay();
    // Numbers must not come again while rows name them.
    Poco::Int64 floor = 0;
    session_ << "SELECT coalesce(max(floor), 0) FROM gw_session", into(floor), now;
    lastRecord_ = std::max<int64_t>(lastRecord_, floor);
  }

  void begin() { begin_->run(); }

  void commit(Ledger& ledger) {
    const std::string record = ledger.takeRecord(lastRecord_ + 1);
    if (!record.empty()) {
      insert(++lastRecord_, record);
      bytes_ += record.size();
    }
    if (wantsCheckpoint_ || ledger.completeRecords() >= kRecordsToCheckpoint || bytes_ >= kBytesToCheckpoint) {
      checkpoint(ledger);
    }
    commit_->run();
  }

  void rollback() { rollback_->run(); }
  void mark() { mark_->run(); }
  void keep() { keep_->run(); }
  void undo() {
    undo_->run();
    keep_->run();
  }

  std::string instance_;
  bool wantsCheckpoint_ = false;
  Poco::Data::Session& session() { return session_; }

 private:
  void readInstance() {
    session_ << "SELECT name FROM gw_instance", into(instance_), now;
    if (!instance_.empty()) return;
    instance_ = randomName();
    session_ << "INSERT INTO gw_instance VALUES(?)", use(instance_), now;
  }

  void prepare() {
    begin_ = std::make_unique<RawStatement>(raw_, "BEGIN IMMEDIATE");
    commit_ = std::make_unique<RawStatement>(raw_, "COMMIT");
    rollback_ = std::make_unique<RawStatement>(raw_, "ROLLBACK");
    mark_ = std::make_unique<RawStatement>(raw_, "SAVEPOINT gw_call");
    keep_ = std::make_unique<RawStatement>(raw_, "RELEASE gw_call");
    undo_ = std::make_unique<RawStatement>(raw_, "ROLLBACK TO gw_call");
    insert_ = std::make_unique<RawStatement>(raw_, "INSERT INTO gw_record VALUES(?, ?)");
    delete_ = std::make_unique<RawStatement>(raw_, "DELETE FROM gw_record WHERE id BETWEEN ? AND ?");
    upsert_ = std::make_unique<RawStatement>(raw_, "INSERT OR REPLACE INTO gw_session VALUES(?, ?, ?, ?, ?, ?)");
    erase_ = std::make_unique<RawStatement>(raw_, "DELETE FROM gw_session WHERE session = ?");
  }

  void loadSessions(Ledger& ledger) {
    std::vector<std::string> names;
    std::vector<Poco::Int64> seqs;
    std::vector<Poco::Int64> counts;
    std::vector<Poco::Int64> acked;
    std::vector<Poco::Int64> floors;
    std::vector<Poco::Int64> gone;
    session_ << "SELECT session, seq, n, acked, floor, gone FROM gw_session", into(names), into(seqs), into(counts),
        into(acked), into(floors), into(gone), now;
    for (size_t i = 0; i < names.size(); ++i) {
      Account& account = ledger.account(names[i]);
      account.seq = seqs[i];
      account.n = counts[i];
      account.acked = acked[i];
      account.floor = floors[i];
      account.isGone = gone[i] != 0;
      if (account.isGone) ledger.markDirty(account);  // or its row would stay for ever
    }
  }

  void insert(int64_t id, const std::string& record) {
    insert_->bind(1, id);
    insert_->bindBlob(2, record);
    insert_->run();
  }

  void checkpoint(Ledger& ledger) {
    deleteRecords(ledger.takeCompleteRecords());
    const int64_t oldest = ledger.oldestRecord(lastRecord_ + 1);
    for (Account* account : ledger.takeDirty()) {
      // The row of a forgotten session stays while a record could bring the session back.
      if (account->isGone && account->floor < oldest) {
        eraseRow(account->session.id);
        ledger.erase(*account);
        continue;
      }
      if (account->isGone) ledger.markDirty(*account);
      writeRow(*account);
    }
    bytes_ = 0;
    wantsCheckpoint_ = false;
  }

  // Neighbours at once: most transactions are acknowledged in their order.
  void deleteRecords(const std::vector<int64_t>& ids) {
    for (size_t i = 0; i < ids.size();) {
      size_t last = i;
      while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
      delete_->bind(1, ids[i]);
      delete_->bind(2, ids[last]);
      delete_->run();
      i = last + 1;
    }
  }

  void writeRow(const Account& account) {
    upsert_->bind(1, std::string_view(account.session.id));
    upsert_->bind(2, account.seq);
    upsert_->bind(3, account.n);
    upsert_->bind(4, account.acked);
    upsert_->bind(5, account.floor);
    upsert_->bind(6, int64_t{account.isGone});
    upsert_->run();
  }

  void eraseRow(const std::string& session) {
    erase_->bind(1, std::string_view(session));
    erase_->run();
  }

  FileLock lock_;
  Poco::Data::Session session_;
  sqlite3* raw_;
  int64_t lastRecord_ = 0;
  size_t bytes_ = 0;
  std::unique_ptr<RawStatement> begin_, commit_, rollback_, mark_, keep_, undo_, insert_, delete_, upsert_, erase_;
};

Store::Store(const std::string& file, Durability durability) try : impl_(std::make_unique<Impl>(file, durability)) {
} catch (const Poco::Exception& e) {
  throw std::runtime_error("database " + file + ": " + e.displayText());
}

Store::~Store() = default;
const std::string& Store::instance() const { return impl_->instance_; }
Poco::Data::Session& Store::session() { return impl_->session(); }
void Store::load(Ledger& ledger) { impl_->load(ledger); }
void Store::begin() { impl_->begin(); }
void Store::commit(Ledger& ledger) { impl_->commit(ledger); }
void Store::rollback() { impl_->rollback(); }
void Store::wantCheckpoint() { impl_->wantsCheckpoint_ = true; }
void Store::mark() { impl_->mark(); }
void Store::keep() { impl_->keep(); }
void Store::undo() { impl_->undo(); }

}  // namespace gw::backend
