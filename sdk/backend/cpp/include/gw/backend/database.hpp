#pragma once
// The database behind a Transaction, for your own tables. Only this header brings Poco.
//
// It is inside of a transaction already: never begin, commit or roll back yourself. Tables that begin with gw_ are
// the library's. Prepared statements may be kept between calls; one that failed must not run again.

#include <Poco/Data/Session.h>

#include "gw/backend/transaction.hpp"

namespace gw::backend {

Poco::Data::Session& database(Transaction& transaction);

}  // namespace gw::backend
