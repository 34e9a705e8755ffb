#include "store/sqlite_errors.h"

#include <Poco/Data/SQLite/SQLiteException.h>

#include "store/schema.h"

namespace gw::store {
namespace {

bool saysDamaged(const std::string& text) {
  // SQLITE_NOTADB has no exception class of its own.
  return text.find("not a database") != std::string::npos || text.find("malformed") != std::string::npos;
}

Error damaged(const std::string& file, const std::string& why) {
  return fail(ErrorCode::kInternal,
              "store " + file + ": the file is damaged (" + why +
                  "); stop the gateway, move the file and its -wal and -shm aside and restore a backup",
              "storeDamaged");
}

}  // namespace

Error explainSqlite(const std::string& file) {
  namespace sqlite = Poco::Data::SQLite;
  const auto make = [&](ErrorCode code, const std::string& why) { return fail(code, "store " + file + ": " + why); };
  try {
    throw;
  } catch (const NewerSchema& e) {
    return fail(ErrorCode::kInvalid, "store " + file + ": " + e.what(), "schemaNewer");
  } catch (const sqlite::DBLockedException& e) {
    return make(ErrorCode::kBusy, e.displayText());
  } catch (const sqlite::TableLockedException& e) {
    return make(ErrorCode::kBusy, e.displayText());
  } catch (const sqlite::ConstraintViolationException& e) {
    return make(ErrorCode::kConflict, e.displayText());
  } catch (const sqlite::CorruptImageException& e) {
    return damaged(file, e.message());
  } catch (const sqlite::DatabaseFullException& e) {
    return make(ErrorCode::kUnavailable, e.displayText());
  } catch (const sqlite::IOErrorException& e) {
    return make(ErrorCode::kUnavailable, e.displayText());
  } catch (const sqlite::CantOpenDBFileException& e) {
    return make(ErrorCode::kUnavailable, e.displayText());
  } catch (const sqlite::ReadOnlyException& e) {
    return make(ErrorCode::kUnavailable, e.displayText());
  } catch (const sqlite::NoMemoryException& e) {
    return make(ErrorCode::kUnavailable, e.displayText());
  } catch (const Poco::Exception& e) {
    if (saysDamaged(e.displayText())) return damaged(file, e.message());
    return make(ErrorCode::kInternal, e.displayText());
  } catch (const std::exception& e) {
    return make(ErrorCode::kInternal, e.what());
  } catch (...) {
    return make(ErrorCode::kInternal, "unknown failure");
  }
}

}  // namespace gw::store
