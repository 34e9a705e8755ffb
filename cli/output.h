#pragma once
// What a command prints: a table or sentences for people, the API's JSON for programs.

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "client.h"

namespace gw::cli {

struct Column {
  const char* title;
  std::function<std::string(const Json&)> cell;
};

class Output {
 public:
  Output(std::ostream& out, std::ostream& err, bool isJson) : out_(out), err_(err), isJson_(isJson) {}
  bool isJson() const { return isJson_; }

  /// With JSON: the answer. Else: a table of its items, and a warning about what is missing.
  void list(const Json& answer, const std::vector<Column>& columns, const char* nothing);
  /// With JSON: the answer. Else: "title: value" lines.
  void record(const Json& answer, const std::vector<Column>& fields);
  /// With JSON: the answer. Else: the sentence.
  void done(const Json& answer, const std::string& sentence);
  void line(const std::string& sentence);
  void warn(const std::string& sentence);

 private:
  std::ostream& out_;
  std::ostream& err_;
  bool isJson_;
};

// Cells. Absent and null fields print as "-".
std::string textOf(const Json& object, const char* key);      // quoted: it may come from a client
std::string sentenceOf(const Json& object, const char* key);  // the gateway's own words
std::string numberOf(const Json& object, const char* key);
std::string timeOf(const Json& object, const char* key);    // "2026-03-01 12:00:00Z"
std::string joinedOf(const Json& object, const char* key);  // an array of strings
std::string firstOf(const Json& object, const char* key);   // its first, and how many more: "127.0.0.1:4000 (+1)"

Column textColumn(const char* title, const char* key);
Column sentenceColumn(const char* title, const char* key);
Column numberColumn(const char* title, const char* key);
Column timeColumn(const char* title, const char* key);
Column joinedColumn(const char* title, const char* key);
Column firstColumn(const char* title, const char* key);

}  // namespace gw::cli
