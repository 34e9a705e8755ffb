#pragma once
// ObjectWriter: the other visitor of fields.h: writes typed values as the JSON that ObjectReader reads.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "config/json_document.h"

namespace gw::config {

class ObjectWriter {
 public:
  /// Fills target, which must outlive the writer.
  explicit ObjectWriter(Json& target);

  void text(const char* key, const std::string& value);
  void choice(const char* key, const std::string& value, std::initializer_list<const char*>) { text(key, value); }
  void flag(const char* key, bool value);
  void number(const char* key, double value, double, double);
  void duration(const char* key, uint64_t ms, uint64_t, uint64_t);
  void texts(const char* key, const std::vector<std::string>& value);
  void raw(const char* key, const std::string& json);
  void sizeOrAuto(const char* key, uint64_t bytes, uint64_t, uint64_t);

  template <typename T>
  void integer(const char* key, T value, int64_t, int64_t) {
    writeInteger(key, static_cast<int64_t>(value));
  }
  template <typename T>
  void size(const char* key, T bytes, uint64_t, uint64_t) {
    writeSize(key, static_cast<uint64_t>(bytes));
  }
  template <typename Fields>
  void object(const char* key, Fields fields) {
    ObjectWriter writer(child(key));
    fields(writer);
  }
  template <typename Fields>
  void optional(const char* key, bool isPresent, Fields fields) {
    if (isPresent) object(key, fields);
  }
  template <typename T, typename Fields>
  void list(const char* key, std::vector<T>& items, Fields fields) {
    Json& array = childArray(key);
    for (T& item : items) {
      ObjectWriter writer(append(array));
      fields(writer, item);
    }
  }

 private:
  void writeInteger(const char* key, int64_t value);
  void writeSize(const char* key, uint64_t bytes);
  Json& child(const char* key);
  Json& childArray(const char* key);
  static Json& append(Json& array);

  Json& target_;
};

}  // namespace gw::config
