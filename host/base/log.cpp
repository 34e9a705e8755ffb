// Logging: gw::log::write() -> level -> Sink (own thread) -> Poco channel (stderr or a file) behind a
// formatter. Poco's own loggers are routed into the same sink.
//
// Before configure() and after shutdown() lines are written at once to standard error.

#include "base/log.h"

#include <Poco/ConsoleChannel.h>
#include <Poco/FileChannel.h>
#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/clock.h"
#include "base/log_sink.h"

namespace gw::log {

void appendPrintable(std::string& out, std::string_view text, bool isQuoted);  // quoted.cpp
std::string_view clipped(std::string_view text);                               // quoted.cpp

namespace {

constexpr size_t kMaxMessageBytes = 4096;

const char* levelName(Poco::Message::Priority priority) {
  if (priority <= Poco::Message::PRIO_ERROR) return "error";
  if (priority == Poco::Message::PRIO_WARNING) return "warn";
  return priority <= Poco::Message::PRIO_INFORMATION ? "info" : "debug";
}

const std::vector<std::pair<std::string, std::string>>& fieldsOf(const Poco::Message& message) {
  static const std::vector<std::pair<std::string, std::string>> none;
  const auto* line = dynamic_cast<const Line*>(&message);
  return line != nullptr ? line->fields : none;
}

class TextFormatter final : public Poco::Formatter {
 public:
  void format(const Poco::Message& message, std::string& text) override {
    text = formatUtc(message.getTime().epochMicroseconds());
    std::string level = levelName(message.getPriority());
    level.resize(5, ' ');
    text += ' ' + level + ' ';
    appendPrintable(text, message.getSource(), false);
    text += ": ";
    appendPrintable(text, std::string_view(message.getText()).substr(0, kMaxMessageBytes), false);
    for (const auto& [key, value] : fieldsOf(message)) text += ' ' + key + '=' + log::quoted(value);
  }
};

class JsonFormatter final : public Poco::Formatter {
 public:
  void format(const Poco::Message& message, std::string& text) override {
    nlohmann::ordered_json line;
    line["time"] = formatUtc(message.getTime().epochMicroseconds());
    line["level"] = levelName(message.getPriority());
    line["area"] = message.getSource();
    line["message"] = message.getText().substr(0, kMaxMessageBytes);
    for (const auto& [key, value] : fieldsOf(message)) {
      // A field never replaces what the line itself says.
      line[line.contains(key) ? "field." + key : key] = clipped(value);
    }
    text = line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }
};

struct State {
  std::atomic<int> least{static_cast<int>(Level::kInfo)};
  std::mutex mutex;  // guards the rest
  std::shared_ptr<Sink> sink;
  Poco::AutoPtr<Poco::Channel> fallback;
  bool isPocoRouted = false;
};

// Never destroyed: a static object's destructor may still log.
State& state() {
  static auto* const instance = new State;
  return *instance;
}

void deliver(Line line) {
  State& s = state();
  std::shared_ptr<Sink> sink;
  Poco::AutoPtr<Poco::Channel> fallback;
  {
    const std::lock_guard lock(s.mutex);
    sink = s.sink;
    if (!sink) {
      if (s.fallback.isNull()) {
        s.fallback = new Poco::FormattingChannel(textFormatter(), new Poco::ConsoleChannel(std::cerr));
      }
      fallback = s.fallback;
    }
  }
  if (sink) {
    sink->push(std::move(line));
  } else {
    fallback->log(line);
  }
}

// What Poco itself has to say (its servers' error handlers) takes the same way.
class PocoRoute final : public Poco::Channel {
 public:
  void log(const Poco::Message& message) override { deliver(Line(message)); }
};

Level parseLevel(const std::string& text) {
  if (text == "debug") return Level::kDebug;
  if (text == "info") return Level::kInfo;
  if (text == "warn") return Level::kWarn;
  if (text == "error") return Level::kError;
  throw std::runtime_error("log level " + log::quoted(text) + ": expected debug, info, warn or error");
}

Poco::AutoPtr<Poco::Channel> openChannel(const Options& options) {
  Poco::AutoPtr<Poco::Channel> end;
  if (options.file.empty()) {
    end = new Poco::ConsoleChannel(std::cerr);
  } else {
    end = new Poco::FileChannel(options.file);
  }
  try {
    end->open();
  } catch (const Poco::Exception& e) {
    throw std::runtime_error("log file " + options.file + ": cannot be opened for writing: " + e.displayText());
  }
  return new Poco::FormattingChannel(options.json ? jsonFormatter() : textFormatter(), end);
}

Poco::Message::Priority priorityOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return Poco::Message::PRIO_DEBUG;
    case Level::kInfo:
      return Poco::Message::PRIO_INFORMATION;
    case Level::kWarn:
      return Poco::Message::PRIO_WARNING;
    case Level::kError:
      break;
  }
  return Poco::Message::PRIO_ERROR;
}

}  // namespace

Poco::AutoPtr<Poco::Formatter> textFormatter() { return new TextFormatter; }
Poco::AutoPtr<Poco::Formatter> jsonFormatter() { return new JsonFormatter; }

void write(Level level, std::string_view area, std::string_view message, const Field* fields, size_t count) {
  if (static_cast<int>(level) < state().least.load(std::memory_order_relaxed)) return;
  Line line(std::string(area), std::string(message), priorityOf(level));
  for (size_t i = 0; i < count; ++i) line.fields.emplace_back(fields[i].key, fields[i].value);
  deliver(std::move(line));
}

void write(Level level, std::string_view area, std::string_view message, std::initializer_list<Field> fields) {
  write(level, area, message, fields.begin(), fields.size());
}

void configure(const Options& options) {
  const Level least = parseLevel(options.level);
  auto next = std::make_shared<Sink>(openChannel(options));
  State& s = state();
  std::shared_ptr<Sink> previous;
  {
    const std::lock_guard lock(s.mutex);
    previous = std::exchange(s.sink, std::move(next));
    if (!s.isPocoRouted) {
      Poco::Logger::setChannel("", new PocoRoute);
      Poco::Logger::setLevel("", Poco::Message::PRIO_WARNING);
      s.isPocoRouted = true;
    }
  }
  s.least.store(static_cast<int>(least), std::memory_order_relaxed);
  // `previous` writes what it holds and closes here, outside the lock; writers that still hold it finish first.
}

void flush(uint64_t limitMs) {
  std::shared_ptr<Sink> sink;
  {
    const std::lock_guard lock(state().mutex);
    sink = state().sink;
  }
  if (sink) sink->flush(limitMs);
}

uint64_t droppedLines() {
  const std::lock_guard lock(state().mutex);
  return state().sink ? state().sink->dropped() : 0;
}

void shutdown() {
  std::shared_ptr<Sink> sink;
  const std::lock_guard lock(state().mutex);
  sink.swap(state().sink);
  sink.reset();
}

}  // namespace gw::log
