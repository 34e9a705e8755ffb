#include "config/json_reader.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "config/gateway_config.h"
#include "config/units.h"

namespace gw::config {
namespace {

/// RFC 6901: "~" and "/" inside a key.
std::string escapePointer(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string range(const std::string& least, const std::string& most) { return least + ".." + most; }

std::string plain(double value) { return Json(value).dump(); }

}  // namespace

ObjectReader::ObjectReader(const Json& value, std::string path, const std::string& source)
    : value_(value), path_(std::move(path)), source_(source) {
  if (!value_.is_object()) {
    throw ConfigError(source_ + ": " + (path_.empty() ? "/" : path_) + ": expected an object, got " + excerpt(value_));
  }
}

std::string ObjectReader::pathOf(const char* key) const { return path_ + "/" + escapePointer(key); }

void ObjectReader::fail(const char* key, const std::string& message) const {
  const std::string path = key == nullptr ? path_ : pathOf(key);
  throw ConfigError(source_ + ": " + (path.empty() ? "/" : path) + ": " + message);
}

void ObjectReader::failExpected(const char* key, const std::string& expected, const Json& got) const {
  fail(key, "expected " + expected + ", got " + excerpt(got));
}

void ObjectReader::failElement(const char* key, size_t index, const Json& got) const {
  throw ConfigError(source_ + ": " + pathOf(key) + "/" + std::to_string(index) + ": expected a string, got " +
                    excerpt(got));
}

bool ObjectReader::has(const char* key) const { return value_.contains(key); }

const Json* ObjectReader::find(const char* key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const auto it = value_.find(key);
  return it == value_.end() ? nullptr : &*it;
}

const Json* ObjectReader::findArray(const char* key) {
  const Json* value = find(key);
  if (value != nullptr && !value->is_array()) failExpected(key, "an array", *value);
  return value;
}

size_t ObjectReader::elementCount(const Json& array) { return array.size(); }
const Json& ObjectReader::element(const Json& array, size_t index) { return array[index]; }

void ObjectReader::text(const char* key, std::string& out) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_string()) failExpected(key, "a string", *value);
  out = value->get<std::string>();
  // A path or a name with NUL would be cut where it reaches the system.
  if (out.find('\0') != std::string::npos) fail(key, "a string must not contain U+0000");
}

void ObjectReader::choice(const char* key, std::string& out, std::initializer_list<const char*> allowed) {
  const Json* value = find(key);
  if (value == nullptr) return;
  std::string expected;
  for (const char* one : allowed) {
    if (value->is_string() && value->get_ref<const std::string&>() == one) {
      out = one;
      return;
    }
    expected += (expected.empty() ? "\"" : " or \"") + std::string(one) + "\"";
  }
  failExpected(key, expected, *value);
}

void ObjectReader::flag(const char* key, bool& out) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_boolean()) failExpected(key, "true or false", *value);
  out = value->get<bool>();
}

int64_t ObjectReader::readInteger(const char* key, int64_t current, int64_t least, int64_t most) {
  const Json* value = find(key);
  if (value == nullptr) return current;
  const std::string expected = range(std::to_string(least), std::to_string(most));
  if (!value->is_number_integer()) failExpected(key, expected, *value);
  if (value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    failExpected(key, expected, *value);
  }
  const auto number = value->get<int64_t>();
  if (number < least || number > most) failExpected(key, expected, *value);
  return number;
}

void ObjectReader::number(const char* key, double& out, double least, double most) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_number() || value->get<double>() < least || value->get<double>() > most) {
    failExpected(key, "a number " + range(plain(least), plain(most)), *value);
  }
  out = value->get<double>();
}

void ObjectReader::duration(const char* key, uint64_t& ms, uint64_t least, uint64_t most) {
  const Json* value = find(key);
  if (value == nullptr) return;
  const auto parsed = value->is_string() ? parseDuration(value->get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) failExpected(key, "a duration such as \"500ms\", \"30s\", \"10m\", \"1h\" or \"7d\"", *value);
  if (*parsed < least || *parsed > most) {
    failExpected(key, "a duration " + range(formatDuration(least), formatDuration(most)), *value);
  }
  ms = *parsed;
}

uint64_t ObjectReader::readSize(const char* key, uint64_t current, uint64_t least, uint64_t most) {
  const Json* value = find(key);
  if (value == nullptr) return current;
  const auto parsed = value->is_string() ? parseSize(value->get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) failExpected(key, "a size such as \"512B\", \"64KiB\", \"1MiB\" or \"2GiB\"", *value);
  if (*parsed < least || *parsed > most) {
    failExpected(key, "a size " + range(formatSize(least), formatSize(most)), *value);
  }
  return *parsed;
}

void ObjectReader::sizeOrAuto(const char* key, uint64_t& bytes, uint64_t least, uint64_t most) {
  const Json* value = find(key);
  if (value != nullptr && value->is_string() && value->get_ref<const std::string&>() == "auto") {
    bytes = 0;
    return;
  }
  bytes = readSize(key, bytes, least, most);
}

void ObjectReader::texts(const char* key, std::vector<std::string>& out) {
  const Json* array = findArray(key);
  if (array == nullptr) return;
  out.clear();
  for (size_t i = 0; i < array->size(); ++i) {
    const Json& item = (*array)[i];
    if (!item.is_string()) failElement(key, i, item);
    out.push_back(item.get<std::string>());
  }
}

void ObjectReader::raw(const char* key, std::string& json) {
  const Json* value = find(key);
  if (value == nullptr) return;
  if (!value->is_object()) failExpected(key, "an object", *value);
  json = value->dump();
}

void ObjectReader::finish() const {
  for (const auto& item : value_.items()) {
    const std::string& key = item.key();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto nearest = std::min_element(known_.begin(), known_.end(),
                                          [&](auto a, auto b) { return editDistance(a, key) < editDistance(b, key); });
    const bool isClose = nearest != known_.end() && editDistance(*nearest, key) <= 2;
    fail(key.c_str(), "unknown key" + (isClose ? "; did you mean \"" + std::string(*nearest) + "\"?" : ""));
  }
}

}  // namespace gw::config
