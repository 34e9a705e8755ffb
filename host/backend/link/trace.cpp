#include "backend/link/trace.h"

#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "session/text/sanitize.h"

namespace gw::link {

void Trace::add(bool isOurs, const std::string& connection, std::string_view frame) {
  const Json json = Json::parse(frame, nullptr, false);
  if (!json.is_object()) return;
  TraceLine line;
  line.atUs = clock_.wallUs();
  line.isOurs = isOurs;
  line.connection = connection;
  line.bytes = frame.size();
  line.what = textOf(json, json.contains("event") ? "event" : "method", 64);
  if (line.what.empty()) line.what = flagOf(json, "ok", true) ? "res" : "res (error)";
  line.what = session::sanitizeInput(line.what);
  for (const char* member : {"payload", "params"}) {
    const auto body = json.find(member);
    if (body == json.end()) continue;
    line.session = session::sanitizeInput(textOf(*body, "session", 64));
    for (const char* number : {"seq", "n"})
      if (const auto count = countOf(*body, number); count && *count) line.count = **count;
  }
  if (const auto count = countOf(json, "n"); count && *count) line.count = **count;
  const std::lock_guard lock(mutex_);
  line.number = ++last_;
  lines_.push_back(std::move(line));
  if (lines_.size() > kMost) lines_.pop_front();
}

std::vector<TraceLine> Trace::read(uint64_t after) {
  untilNs_ = clock_.nowNs() + kOnNs;
  const std::lock_guard lock(mutex_);
  std::vector<TraceLine> out;
  for (const TraceLine& line : lines_)
    if (line.number > after) out.push_back(line);
  return out;
}

}  // namespace gw::link
