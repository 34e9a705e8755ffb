#include "output.h"

#include <ostream>

#include "text.h"

namespace gw::cli {
namespace {

/// ASCII only: whatever a client put into a string, a terminal sees escapes.
std::string dump(const Json& json) { return json.dump(2, ' ', true, Json::error_handler_t::replace); }

const Json* fieldOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

}  // namespace

void Output::list(const Json& answer, const std::vector<Column>& columns, const char* nothing) {
  if (isJson_) return line(dump(answer));
  const Json* items = fieldOf(answer, "items");
  if (items == nullptr || items->empty()) {
    line(nothing);
  } else {
    std::vector<std::string> titles;
    for (const Column& column : columns) titles.emplace_back(column.title);
    std::vector<std::vector<std::string>> rows;
    for (const Json& item : *items) {
      std::vector<std::string>& row = rows.emplace_back();
      for (const Column& column : columns) row.push_back(column.cell(item));
    }
    out_ << table(titles, rows);
  }
  if (answer.value("truncated", false)) warn("there are more; see them with --limit");
  if (const Json* partial = fieldOf(answer, "partial"); partial != nullptr && !partial->empty()) {
    warn("incomplete: these loops did not answer in time: " + partial->dump());
  }
}

void Output::record(const Json& answer, const std::vector<Column>& fields) {
  if (isJson_) return line(dump(answer));
  size_t width = 0;
  for (const Column& field : fields) width = std::max(width, std::string(field.title).size());
  for (const Column& field : fields) {
    const std::string title = field.title;
    line(title + ":" + std::string(width - title.size() + 1, ' ') + field.cell(answer));
  }
}

void Output::done(const Json& answer, const std::string& sentence) {
  line(isJson_ ? dump(answer) : sentence);
  out_.flush();  // a watch goes on
}

void Output::line(const std::string& sentence) { out_ << sentence << '\n'; }

void Output::warn(const std::string& sentence) { err_ << "gwctl: " << sentence << '\n'; }

std::string textOf(const Json& object, const char* key) {
  const Json* field = fieldOf(object, key);
  return field == nullptr ? "-" : printable(field->is_string() ? field->get<std::string>() : field->dump());
}

std::string sentenceOf(const Json& object, const char* key) {
  const Json* field = fieldOf(object, key);
  const std::string text = field != nullptr && field->is_string() ? sentence(field->get<std::string>()) : "";
  return text.empty() ? "-" : text;
}

std::string numberOf(const Json& object, const char* key) {
  const Json* field = fieldOf(object, key);
  if (field == nullptr) return "-";
  if (field->is_boolean()) return field->get<bool>() ? "yes" : "no";
  return field->is_number() ? field->dump() : "-";
}

std::string timeOf(const Json& object, const char* key) {
  std::string text = sentenceOf(object, key);
  if (text.size() < 20 || text[10] != 'T') return text;
  return text.substr(0, 10) + " " + text.substr(11, 8) + "Z";  // the milliseconds are for programs
}

std::string joinedOf(const Json& object, const char* key) {
  const Json* field = fieldOf(object, key);
  std::string out;
  if (field != nullptr && field->is_array()) {
    for (const Json& item : *field) {
      if (!item.is_string()) continue;
      out += (out.empty() ? "" : ", ") + printable(item.get<std::string>());
    }
  }
  return out.empty() ? "-" : out;
}

std::string firstOf(const Json& object, const char* key) {
  const Json* field = fieldOf(object, key);
  if (field == nullptr || !field->is_array() || field->empty() || !field->front().is_string()) return "-";
  const std::string more = field->size() > 1 ? " (+" + std::to_string(field->size() - 1) + ")" : "";
  return printable(field->front().get<std::string>()) + more;
}

namespace {
Column columnOf(const char* title, const char* key, std::string (*cell)(const Json&, const char*)) {
  return {title, [key, cell](const Json& object) { return cell(object, key); }};
}
}  // namespace

Column textColumn(const char* title, const char* key) { return columnOf(title, key, textOf); }
Column sentenceColumn(const char* title, const char* key) { return columnOf(title, key, sentenceOf); }
Column numberColumn(const char* title, const char* key) { return columnOf(title, key, numberOf); }
Column timeColumn(const char* title, const char* key) { return columnOf(title, key, timeOf); }
Column joinedColumn(const char* title, const char* key) { return columnOf(title, key, joinedOf); }
Column firstColumn(const char* title, const char* key) { return columnOf(title, key, firstOf); }

}  // namespace gw::cli
