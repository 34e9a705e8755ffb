#include "config/json_writer.h"

#include <nlohmann/json.hpp>

#include "config/units.h"

namespace gw::config {

ObjectWriter::ObjectWriter(Json& target) : target_(target) { target_ = Json::object(); }

void ObjectWriter::text(const char* key, const std::string& value) { target_[key] = value; }
void ObjectWriter::flag(const char* key, bool value) { target_[key] = value; }
void ObjectWriter::writeInteger(const char* key, int64_t value) { target_[key] = value; }
void ObjectWriter::writeSize(const char* key, uint64_t bytes) { target_[key] = formatSize(bytes); }
void ObjectWriter::duration(const char* key, uint64_t ms, uint64_t, uint64_t) { target_[key] = formatDuration(ms); }
void ObjectWriter::texts(const char* key, const std::vector<std::string>& value) { target_[key] = value; }

void ObjectWriter::number(const char* key, double value, double, double) {
  // 20.0 is written as it was typed, 20.
  const auto whole = static_cast<int64_t>(value);
  if (static_cast<double>(whole) == value) {
    target_[key] = whole;
  } else {
    target_[key] = value;
  }
}

void ObjectWriter::raw(const char* key, const std::string& json) {
  Json parsed = Json::parse(json, nullptr, false);
  target_[key] = parsed.is_discarded() ? Json::object() : std::move(parsed);
}

void ObjectWriter::sizeOrAuto(const char* key, uint64_t bytes, uint64_t, uint64_t) {
  target_[key] = bytes == 0 ? "auto" : formatSize(bytes);
}

Json& ObjectWriter::child(const char* key) { return target_[key]; }

Json& ObjectWriter::childArray(const char* key) {
  Json& array = target_[key];
  array = Json::array();
  return array;
}

Json& ObjectWriter::append(Json& array) {
  array.push_back(Json::object());
  return array.back();
}

}  // namespace gw::config
