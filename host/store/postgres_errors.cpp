#include "store/postgres_errors.h"

#include <Poco/Data/DataException.h>

#include <algorithm>
#include <array>

#include "store/postgres_connection.h"
#include "store/schema.h"

namespace gw::store {
namespace {

constexpr std::string_view kFromStatement = "postgresql_stmt_";

// Classes (two characters) and single states, appendix A of PostgreSQL's manual.
constexpr std::array<std::string_view, 4> kBusyStates{"40001", "40P01", "55P03", "57014"};
constexpr std::array<std::string_view, 7> kAwayStates{"08", "25006", "28", "3D000", "53", "57P", "58"};

template <size_t N>
bool isAmong(const std::array<std::string_view, N>& list, std::string_view state) {
  return std::any_of(list.begin(), list.end(), [&](std::string_view one) { return state.starts_with(one); });
}

ErrorCode codeOf(std::string_view state) {
  if (isAmong(kBusyStates, state)) return ErrorCode::kBusy;
  if (isAmong(kAwayStates, state)) return ErrorCode::kUnavailable;
  if (state.starts_with("23")) return ErrorCode::kConflict;
  return ErrorCode::kInternal;
}

/// The first line alone: what follows (DETAIL, the statement) may hold what clients wrote.
std::string primaryOf(const std::string& message) {
  std::string line = message.substr(0, message.find('\n'));
  const size_t from = line.find("error: ");
  return line.starts_with(kFromStatement) && from != std::string::npos ? line.substr(from + 7) : line;
}

Error explainPoco(const std::string& where, const Poco::Exception& e) {
  const std::string why = "store " + where + ": " + primaryOf(e.message());
  const std::string_view state = sqlStateOf(e.message());
  if (!state.empty()) return fail(codeOf(state), why);
  const bool isFromServer = e.message().starts_with(kFromStatement);
  return fail(isFromServer ? ErrorCode::kUnavailable : ErrorCode::kInternal, why);
}

}  // namespace

std::string_view sqlStateOf(std::string_view message) {
  if (!message.starts_with(kFromStatement)) return {};
  const size_t severity = message.find("error: ");
  const size_t colon = severity == std::string_view::npos ? severity : message.find(':', severity + 7);
  if (colon == std::string_view::npos) return {};
  const size_t from = message.find_first_not_of(' ', colon + 1);
  if (from == std::string_view::npos || from + 5 >= message.size() || message[from + 5] != ':') return {};
  const std::string_view state = message.substr(from, 5);
  const bool isState =
      std::all_of(state.begin(), state.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
  return isState ? state : std::string_view();
}

Error explainPostgres(const std::string& where) {
  try {
    throw;
  } catch (const NewerSchema& e) {
    return fail(ErrorCode::kInvalid, "store " + where + ": " + e.what(), "schemaNewer");
  } catch (const PostgresUnreachable& e) {
    return fail(ErrorCode::kUnavailable, "store " + where + ": " + e.what());
  } catch (const Poco::Data::NotConnectedException&) {
    return fail(ErrorCode::kUnavailable, "store " + where + ": there is no connection to the server");
  } catch (const Poco::Data::ConnectionFailedException& e) {
    return fail(ErrorCode::kUnavailable, "store " + where + ": " + primaryOf(e.message()));
  } catch (const Poco::Exception& e) {
    return explainPoco(where, e);
  } catch (const std::exception& e) {
    return fail(ErrorCode::kInternal, "store " + where + ": " + e.what());
  }
}

}  // namespace gw::store
