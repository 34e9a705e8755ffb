#include "plugin/run_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace gw::plugin {

RunDelay::~RunDelay() {
  if (file_ >= 0) ::close(file_);
}

uint64_t RunDelay::readNs() {
  if (file_ < 0) file_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  char text[96];
  const ssize_t n = ::pread(file_, text, sizeof text, 0);
  if (n <= 0) return 0;
  // "<ns on a processor> <ns ready, without one> <turns>"
  const std::string_view line(text, static_cast<size_t>(n));
  const size_t space = line.find(' ');
  uint64_t delayNs = 0;
  if (space != line.npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), delayNs);
  return delayNs;
}

uint64_t RunDelay::waitedNs(const Sample& before, uint64_t startNs) {
  // Between the sample and the start all of the time may have been delay.
  const uint64_t notCountedNs = before.delayNs + (startNs - before.atNs);
  const uint64_t delayNs = readNs();
  return delayNs > notCountedNs ? delayNs - notCountedNs : 0;
}

}  // namespace gw::plugin
