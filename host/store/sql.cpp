#include "store/sql.h"

#include "base/utf8.h"

namespace gw::store {

void requireText(const std::string& text) {
  if (text.find('\0') != std::string::npos) throw BadText("a text to store holds a NUL byte");
  if (!isUtf8(text)) throw BadText("a text to store is not UTF-8");
}

void Sql::once(const std::string& sql) {
  Poco::Data::Statement statement(session_);
  statement << sql;
  statement.execute();
}

}  // namespace gw::store
