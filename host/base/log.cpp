// Logging: gw::log::write() -> level -> Sink (own thread) -> Poco channel (stderr or a file). Poco's own loggers are
// routed into the same sink.
//
// Before configure() and after shutdown() lines are written at once to standard error.

#include "base/log.h"

#include <Poco/ConsoleChannel.h>
#include <Poco/FileChannel.h>
#include <Poco/Logger.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/clock.h"
#include "base/log_sink.h"

namespace gw::log {

namespace {

constexpr size_t kMaxMessageBytes = 4096;

const char* levelName(Poco::Message::Priority priority) {
  if (priority <= Poco::Message::PRIO_ERROR) return "error";
  if (priority == Poco::Message::PRIO_WARNING) return "warn";
  return priority <= Poco::Message::PRIO_INFORMATION ? "info" : "debug";
}

struct State {
  std::atomic<int> least{static_cast<int>(Level::kInfo)};
  std::mutex mutex;  // guards the rest
  std::shared_ptr<Sink> sink;
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
  {
    const std::lock_guard lock(s.mutex);
    sink = s.sink;
  }
  if (sink) return sink->push(std::move(line));
  const std::string text = formatText(line) + '\n';
  (void)!::write(STDERR_FILENO, text.data(), text.size());  // one write: lines of two threads never mix
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

std::shared_ptr<Sink> openSink(const Options& options) {
  Poco::AutoPtr<Poco::Channel> channel;
  if (options.file.empty()) {
    channel = new Poco::ConsoleChannel(std::cerr);
  } else {
    channel = new Poco::FileChannel(options.file);
  }
  try {
    channel->open();
  } catch (const Poco::Exception& e) {
    throw std::runtime_error("log file " + options.file + ": cannot be opened for writing: " + e.displayText());
  }
  return std::make_shared<Sink>(channel, options.json ? formatJson : formatText);
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

std::string formatText(const Line& line) {
  std::string text = formatUtc(line.getTime().epochMicroseconds());
  std::string level = levelName(line.getPriority());
  level.resize(5, ' ');
  text += ' ' + level + ' ';
  appendPrintable(text, line.getSource(), false);
  text += ": ";
  appendPrintable(text, std::string_view(line.getText()).substr(0, kMaxMessageBytes), false);
  for (const auto& [key, value] : line.fields) text += ' ' + key + '=' + log::quoted(value);
  return text;
}

std::string formatJson(const Line& line) {
  nlohmann::ordered_json object;
  object["time"] = formatUtc(line.getTime().epochMicroseconds());
  object["level"] = levelName(line.getPriority());
  object["area"] = line.getSource();
  object["message"] = line.getText().substr(0, kMaxMessageBytes);
  for (const auto& [key, value] : line.fields) {
    // A field never replaces what the line itself says.
    object[object.contains(key) ? "field." + key : key] = clipped(value);
  }
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

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
  auto next = openSink(options);
  State& s = state();
  std::shared_ptr<Sink> previous;
  {
    const std::lock_guard lock(s.mutex);
    previous = std::exchange(s.sink, std::move(next));
    if (!s.isPocoRouted) {
      Poco::Logger::root();  // exists only once it was asked for; the next two lines change existing loggers only
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
  {
    const std::lock_guard lock(state().mutex);
    sink.swap(state().sink);
  }
  sink.reset();  // writes the rest and joins; outside the lock, so that nobody else waits for the disk
}

}  // namespace gw::log
