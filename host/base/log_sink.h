#pragma once
// Where log lines go: a bounded queue and one thread that writes, so that a full pipe or a slow disk
// never stops an event loop. Internal to host/base/log.cpp.
//
// Thread: push() and flush() from anywhere; close() once. Over kQueueLimit lines are dropped, counted,
// and the count is written as a line of its own as soon as there is room.

#include <Poco/AutoPtr.h>
#include <Poco/Channel.h>
#include <Poco/Message.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gw::log {

inline constexpr size_t kQueueLimit = 8192;

/// A message with the fields in the order in which they were given (Poco 1.11 keeps parameters, but gives
/// no way to list them; its Message is not polymorphic, so a Poco::Formatter never sees them).
struct Line : Poco::Message {
  using Poco::Message::Message;
  explicit Line(const Poco::Message& plain) : Poco::Message(plain) {}
  std::vector<std::pair<std::string, std::string>> fields;
};

/// One line per message: "2026-03-01T12:00:00.000Z INFO  session: text key="value"".
std::string formatText(const Line& line);
/// One JSON object per message: {"time":…,"level":…,"area":…,"message":…, fields…}.
std::string formatJson(const Line& line);

/// Appends text with everything escaped that could move a cursor, start a line or reorder what is read.
void appendPrintable(std::string& out, std::string_view text, bool isQuoted);
/// The first 256 bytes, never ending inside a UTF-8 sequence.
std::string_view clipped(std::string_view text);

using Format = std::string (*)(const Line&);

class Sink {
 public:
  /// The channel is already open; it is used by the sink's thread alone.
  Sink(Poco::AutoPtr<Poco::Channel> channel, Format format);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void push(Line line);
  /// Waits until what was pushed before is written, at most limitMs.
  void flush(uint64_t limitMs);
  uint64_t dropped() const;

 private:
  void run();
  void writeQuietly(const Line& line);

  Poco::AutoPtr<Poco::Channel> channel_;
  const Format format_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  std::deque<Line> queue_;
  uint64_t pushedCount_ = 0;
  uint64_t writtenCount_ = 0;
  uint64_t dropped_ = 0;
  uint64_t droppedUntold_ = 0;
  bool isStopping_ = false;
  std::thread thread_;
};

}  // namespace gw::log
