#include "store/sql.h"

#include <Poco/Data/DataException.h>

#include "base/utf8.h"

namespace gw::store {

void requireText(const std::string& text) {
  if (text.find('\0') != std::string::npos) throw BadText("a text to store holds a NUL byte");
  if (!isUtf8(text)) throw BadText("a text to store is not UTF-8");
}

std::optional<Poco::Data::Session> Sql::release() {
  kept_.clear();
  return std::exchange(session_, std::nullopt);
}

Poco::Data::Session& Sql::session() {
  if (!session_) throw Poco::Data::NotConnectedException("no session");
  return *session_;
}

void Sql::once(const std::string& sql) {
  Poco::Data::Statement statement(session());
  statement << sql;
  statement.execute();
}

}  // namespace gw::store
