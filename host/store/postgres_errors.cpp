#include "store/postgres_errors.h"

#include <Poco/Data/DataException.h>

#include <algorithm>
#include <array>

#include "store/postgres_connection.h"
#include "store/schema.h"

namespace gw::store {
namespace {

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

/// What the server or libpq said, behind Poco's "[PostgreSQL]: postgresql_stmt_execute error: "; empty: it is
/// Poco that speaks.
std::string_view saidTo(std::string_view message) {
  static constexpr std::string_view kFromPoco = "[PostgreSQL]: ";
  static constexpr std::string_view kFromStatement = "postgresql_stmt_";
  static constexpr std::string_view kEnd = " error: ";
  if (message.starts_with(kFromPoco)) message.remove_prefix(kFromPoco.size());
  const size_t end = message.find(kEnd);
  if (!message.starts_with(kFromStatement) || end == std::string_view::npos) return {};
  return message.substr(end + kEnd.size());
}

/// The first line alone: what follows (DETAIL, the statement) may hold what clients wrote.
std::string firstLine(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

Error explainPoco(const std::string& where, const Poco::Exception& e) {
  const std::string_view said = saidTo(e.message());
  if (said.empty()) return fail(ErrorCode::kInternal, "store " + where + ": " + firstLine(e.message()));
  const std::string_view state = sqlStateOf(e.message());
  return fail(state.empty() ? ErrorCode::kUnavailable : codeOf(state), "store " + where + ": " + firstLine(said));
}

}  // namespace

std::string_view sqlStateOf(std::string_view message) {
  const std::string_view said = saidTo(message);
  const size_t colon = said.find(':');  // behind the severity, which may be translated
  const size_t from = colon == std::string_view::npos ? colon : said.find_first_not_of(' ', colon + 1);
  if (from == std::string_view::npos || from + 5 >= said.size() || said[from + 5] != ':') return {};
  const std::string_view state = said.substr(from, 5);
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
    return fail(ErrorCode::kUnavailable, "store " + where + ": " + firstLine(e.message()));
  } catch (const Poco::Exception& e) {
    return explainPoco(where, e);
  } catch (const std::exception& e) {
    return fail(ErrorCode::kInternal, "store " + where + ": " + e.what());
  }
}

}  // namespace gw::store
