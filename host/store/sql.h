#pragma once
// Sql: statements on one Poco::Data session. Prepared ones are kept and run again (safe on SQLite only);
// values go in and rows come out as plain types. Internal to host/store: it brings Poco.
//
// Thread: one at a time. Throws Poco::Exception; a statement that failed is never run again (in Poco 1.11
// it stays "executing", on PostgreSQL it crashes).

#include <Poco/Data/LOB.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gw::store {

/// Bytes for a binary column; never empty (Poco would write NULL).
struct Bytes {
  std::string_view view;
};

/// A text parameter with a NUL or ill-formed UTF-8.
class BadText : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws BadText unless text is UTF-8 without NUL.
void requireText(const std::string& text);

class Sql {
 public:
  Sql(Poco::Data::Session session, bool keepsStatements) : session_(session), keeps_(keepsStatements) {}

  /// False once the connection to the server broke, as far as is known without asking.
  bool isConnected() { return session_ && session_->isConnected(); }
  /// Takes the session away; statements throw until use() brings another.
  std::optional<Poco::Data::Session> release();
  void use(Poco::Data::Session session) { session_ = std::move(session); }

  /// A statement without parameters and rows: BEGIN, pragmas, schema. Never kept: Poco cannot run a
  /// statement without parameters twice.
  void once(const std::string& sql);

  /// sql must be a literal (its address names the kept statement), with $1..$n in order of appearance.
  /// Out: std::string, int64_t, Poco::Data::BLOB.
  template <typename... Out, typename... In>
  std::vector<std::tuple<Out...>> rows(const char* sql, const In&... in);
  template <typename... In>
  void run(const char* sql, const In&... in) {
    rows<>(sql, in...);
  }

 private:
  struct Kept {
    virtual ~Kept() = default;
  };
  template <typename In, typename Out>
  struct Prepared;
  template <typename In, typename Out>
  Prepared<In, Out>& prepared(const char* sql);

  Poco::Data::Session& session();

  std::optional<Poco::Data::Session> session_;
  bool keeps_;
  std::unordered_map<const char*, std::unique_ptr<Kept>> kept_;
};

namespace detail {

// What is bound for each C++ type. The bound object must not move while the statement lives.
inline void assign(std::string& slot, const std::string& value) {
  requireText(value);
  slot = value;
}
inline void assign(Poco::Int64& slot, int64_t value) { slot = value; }
inline void assign(Poco::Int64& slot, uint64_t value) { slot = static_cast<Poco::Int64>(value); }
inline void assign(Poco::Int64& slot, bool value) { slot = value ? 1 : 0; }
inline void assign(Poco::Data::BLOB& slot, const Bytes& value) {
  slot.assignRaw(reinterpret_cast<const unsigned char*>(value.view.data()), value.view.size());
}

template <typename T>
struct SlotOf {
  using type = Poco::Int64;
};
template <>
struct SlotOf<std::string> {
  using type = std::string;
};
template <>
struct SlotOf<Bytes> {
  using type = Poco::Data::BLOB;
};

}  // namespace detail

template <typename... Slot, typename... Out>
struct Sql::Prepared<std::tuple<Slot...>, std::tuple<Out...>> final : Sql::Kept {
  explicit Prepared(Poco::Data::Session& session, const char* sql) : statement(session) {
    statement << sql;
    std::apply([&](auto&... slot) { static_cast<void>((statement, ..., Poco::Data::Keywords::use(slot))); }, slots);
    std::apply([&](auto&... column) { static_cast<void>((statement, ..., Poco::Data::Keywords::into(column))); },
               columns);
  }
  std::tuple<Slot...> slots;
  std::tuple<std::vector<Out>...> columns;
  Poco::Data::Statement statement;
};

template <typename In, typename Out>
Sql::Prepared<In, Out>& Sql::prepared(const char* sql) {
  auto& place = kept_[sql];
  if (!place) place = std::make_unique<Prepared<In, Out>>(session(), sql);
  return static_cast<Prepared<In, Out>&>(*place);
}

template <typename... Out, typename... In>
std::vector<std::tuple<Out...>> Sql::rows(const char* sql, const In&... in) {
  using Slots = std::tuple<typename detail::SlotOf<In>::type...>;
  std::vector<std::tuple<Out...>> result;
  try {
    auto& p = prepared<Slots, std::tuple<Out...>>(sql);
    std::apply([](auto&... column) { (column.clear(), ...); }, p.columns);
    std::apply([&](auto&... slot) { (detail::assign(slot, in), ...); }, p.slots);
    p.statement.execute();
    if constexpr (sizeof...(Out) > 0) {
      const size_t count = std::get<0>(p.columns).size();
      result.reserve(count);
      for (size_t row = 0; row < count; ++row) {
        std::apply([&](auto&... column) { result.emplace_back(std::move(column[row])...); }, p.columns);
      }
      // A large answer must not stay in memory until the statement runs again.
      std::apply([](auto&... column) { (std::decay_t<decltype(column)>().swap(column), ...); }, p.columns);
    }
  } catch (const BadText&) {
    throw;  // was never sent: the statement is as good as before
  } catch (...) {
    kept_.erase(sql);
    throw;
  }
  if (!keeps_) kept_.erase(sql);
  return result;
}

}  // namespace gw::store
