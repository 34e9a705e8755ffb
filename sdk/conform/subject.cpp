#include "conform/subject.h"

#include "conform/check.h"

namespace gw::conform {

Subject::Subject(const std::string& file) : file_(file) {
  if (file_.plugin() == nullptr) throw Failure{"it cannot be loaded: " + file_.error()};
}

std::string textOf(gw_slice slice) { return slice.len == 0 ? std::string{} : std::string(slice.ptr, slice.len); }

Trial::Trial(const gw_plugin& plugin, const std::string& options)
    : host_(plugin, options), buffersBefore_(testing::liveBuffers()) {
  if (host_.ok()) return;
  const std::string why = host_.error();
  throw Failure{"no account with the options " + inQuotes(options) + ": " +
                (why.empty() ? "no reason was given" : why) + " (--options gives others)"};
}

void Trial::finish() {
  host_.end();
  const std::vector<std::string> violations = host_.violations();
  if (!violations.empty()) {
    std::string why = violations.front();
    for (size_t i = 1; i < violations.size(); ++i) why += "; " + violations[i];
    throw Failure{why};
  }
  if (const size_t now = testing::liveBuffers(); now > buffersBefore_)
    throw Failure{std::to_string(now - buffersBefore_) + " buffers of buf_new were never given back with buf_unref"};
}

}  // namespace gw::conform
