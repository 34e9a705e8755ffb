// What the gateway makes of PostgreSQL's failures, and what it lets through of their texts.

#include "store/postgres_errors.h"

#include <Poco/Data/DataException.h>
#include <gtest/gtest.h>

#include <fstream>

#include "store/postgres_connection.h"
#include "store/schema.h"
#include "temp_folder.h"

namespace gw::store {
namespace {

template <typename E>
Error explained(const std::string& text) {
  try {
    throw E(text);
  } catch (const std::exception&) {
    return explainPostgres("gatehouse@db:5432/gatehouse");
  }
}

Error ofState(const std::string& state) {
  return explained<Poco::Data::DataException>(
      "[PostgreSQL]: postgresql_stmt_execute error: ERROR:  " + state +
      ": something\nDETAIL:  Key (name)=(hunter2)\n Severity: ERROR State: " + state + " Detail: Key (name)=(hunter2)");
}

TEST(PostgresErrors, FindsTheSqlStateInAnyLanguage) {
  EXPECT_EQ(sqlStateOf("postgresql_stmt_execute error: ERROR:  23505: duplicate key\n"), "23505");
  EXPECT_EQ(sqlStateOf("[PostgreSQL]: postgresql_stmt_execute error: ERROR:  23505: duplicate key\n"), "23505");
  EXPECT_EQ(sqlStateOf("postgresql_stmt_prepare error: FEHLER:  42P01: Relation existiert nicht\n SELECT"), "42P01");
  EXPECT_EQ(sqlStateOf("postgresql_stmt_execute error: server closed the connection unexpectedly\n"), "");
  EXPECT_EQ(sqlStateOf("postgresql_stmt_execute error: ERROR:  23505"), "");
  EXPECT_EQ(sqlStateOf("ERROR:  23505: not from a statement"), "");
  EXPECT_EQ(sqlStateOf(""), "");
}

TEST(PostgresErrors, TellsWhatIsWorthARetry) {
  for (const char* state : {"40001", "40P01", "55P03", "57014"})
    EXPECT_EQ(ofState(state).code, ErrorCode::kBusy) << state;
  for (const char* state : {"08006", "25006", "28P01", "3D000", "53100", "53300", "57P01", "57P03", "58030"}) {
    EXPECT_EQ(ofState(state).code, ErrorCode::kUnavailable) << state;
  }
  const Error lost =
      explained<Poco::Data::DataException>("postgresql_stmt_prepare error: server closed the connection\n");
  EXPECT_EQ(lost.code, ErrorCode::kUnavailable);
  EXPECT_EQ(explained<PostgresUnreachable>("refused").code, ErrorCode::kUnavailable);
}

TEST(PostgresErrors, TellsWhatARetryCannotHelp) {
  for (const char* state : {"23505", "23514", "23503"}) EXPECT_EQ(ofState(state).code, ErrorCode::kConflict) << state;
  for (const char* state : {"42P01", "42501", "25P02", "XX001"})
    EXPECT_EQ(ofState(state).code, ErrorCode::kInternal) << state;
  EXPECT_EQ(explained<NewerSchema>("newer").detail, "schemaNewer");
  EXPECT_EQ(explained<Poco::Data::DataException>("incorrect bind parameters count").code, ErrorCode::kInternal);
}

TEST(PostgresErrors, NamesTheServerAndNoValues) {
  const Error error = ofState("23505");
  EXPECT_EQ(error.message, "store gatehouse@db:5432/gatehouse: ERROR:  23505: something");
}

TEST(PostgresConnection, QuotesWhatAConnectionStringTakesForSyntax) {
  const TempFolder folder;
  std::ofstream(folder.file("password")) << "it's \\"  // a space, too
                                         << "\nsecond line";
  PostgresOptions options;
  options.passwordFile = folder.file("password");
  EXPECT_THROW((void)connectionString(options), PostgresUnreachable);
  std::ofstream(folder.file("password")) << "it's\\\r\n";
  const std::string text = connectionString(options);
  EXPECT_NE(text.find(R"(password='it\'s\\' )"), std::string::npos) << text;
  EXPECT_NE(text.find("connect_timeout=5 "), std::string::npos) << text;
  options.database = "a b";
  EXPECT_THROW((void)connectionString(options), PostgresUnreachable);
}

TEST(PostgresConnection, NamesAPasswordFileThatIsMissingOrEmpty) {
  const TempFolder folder;
  PostgresOptions options;
  options.passwordFile = folder.file("password");
  for (const bool isThere : {false, true}) {
    if (isThere) std::ofstream(options.passwordFile).close();
    try {
      (void)connectionString(options);
      ADD_FAILURE() << "accepted";
    } catch (const PostgresUnreachable& e) {
      EXPECT_NE(std::string(e.what()).find(options.passwordFile), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace gw::store
