#pragma once
// ObjectReader: reads one JSON object field by field into typed values, strictly. It knows its JSON
// path, remembers which keys were asked for, and finish() refuses the rest. An absent key leaves the
// value as it was (the default). Every failure throws ConfigError "source: /path: expected …, got …".
//
// Its methods are one of the two visitor vocabularies that fields.h is written in (json_writer.h is
// the other), so that what is read and what is written cannot drift apart.

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_document.h"

namespace gw::config {

class ObjectReader {
 public:
  /// value must outlive the reader. Throws if it is not an object.
  ObjectReader(const Json& value, std::string path, const std::string& source);

  void text(const char* key, std::string& out);
  void choice(const char* key, std::string& out, std::initializer_list<const char*> allowed);
  void flag(const char* key, bool& out);
  void number(const char* key, double& out, double least, double most);
  void duration(const char* key, uint64_t& ms, uint64_t least, uint64_t most);
  void texts(const char* key, std::vector<std::string>& out);
  /// Any JSON object, kept as text.
  void raw(const char* key, std::string& json);

  template <typename T>
  void integer(const char* key, T& out, int64_t least, int64_t most) {
    out = static_cast<T>(readInteger(key, static_cast<int64_t>(out), least, most));
  }
  template <typename T>
  void size(const char* key, T& bytes, uint64_t least, uint64_t most) {
    bytes = static_cast<T>(readSize(key, static_cast<uint64_t>(bytes), least, most));
  }
  /// A size or "auto", which is 0.
  void sizeOrAuto(const char* key, uint64_t& bytes, uint64_t least, uint64_t most);

  template <typename Fields>
  void object(const char* key, Fields fields) {
    if (const Json* value = find(key)) readObject(*value, pathOf(key), fields);
  }
  /// As object(); isPresent says whether the key is there (the fields may then say otherwise).
  template <typename Fields>
  void optional(const char* key, bool& isPresent, Fields fields) {
    isPresent = find(key) != nullptr;
    object(key, fields);
  }
  template <typename T, typename Fields>
  void list(const char* key, std::vector<T>& out, Fields fields) {
    const Json* array = findArray(key);
    if (array == nullptr) return;
    out.clear();
    for (size_t i = 0; i < elementCount(*array); ++i) {
      T item;
      readObject(element(*array, i), pathOf(key) + "/" + std::to_string(i),
                 [&](ObjectReader& reader) { fields(reader, item); });
      out.push_back(std::move(item));
    }
  }

  /// Throws on the first key that nothing asked for, naming the nearest known one.
  void finish() const;
  bool has(const char* key) const;
  [[noreturn]] void fail(const char* key, const std::string& message) const;

 private:
  template <typename Fields>
  void readObject(const Json& value, std::string path, Fields fields) const {
    ObjectReader reader(value, std::move(path), source_);
    fields(reader);
    reader.finish();
  }
  const Json* find(const char* key);
  const Json* findArray(const char* key);
  static size_t elementCount(const Json& array);
  static const Json& element(const Json& array, size_t index);
  std::string pathOf(const char* key) const;
  [[noreturn]] void failExpected(const char* key, const std::string& expected, const Json& got) const;
  [[noreturn]] void failElement(const char* key, size_t index, const Json& got) const;
  int64_t readInteger(const char* key, int64_t current, int64_t least, int64_t most);
  uint64_t readSize(const char* key, uint64_t current, uint64_t least, uint64_t most);

  const Json& value_;
  std::string path_;
  const std::string& source_;
  std::vector<std::string_view> known_;
};

}  // namespace gw::config
