#include "endpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "cli_error.h"

namespace gw::cli {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool isSocket(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

bool isLoopbackHost(const std::string& host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

/// One line; the file must be closed to others: whoever reads it has the role.
std::string readToken(const std::string& file) {
  if (file.empty()) {
    throw CliError(kForbidden, "TCP needs an API token",
                   "gwctl token create NAME --role view > FILE on the gateway's machine, then --token-file FILE");
  }
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw CliError(kUsage, "cannot open the token file " + file + ": " + std::strerror(errno));
  struct stat status {};
  std::array<char, 512> text{};
  const bool isOpenToOthers = ::fstat(fd, &status) != 0 || (status.st_mode & 0077) != 0;
  const ssize_t n = isOpenToOthers ? 0 : ::read(fd, text.data(), text.size());
  ::close(fd);
  if (isOpenToOthers) throw CliError(kForbidden, "others can read the token file " + file, "chmod 0600 " + file);
  std::string token(text.data(), n > 0 ? static_cast<size_t>(n) : 0);
  token.erase(std::min(token.find_first_of("\r\n \t"), token.size()));
  if (token.empty()) throw CliError(kUsage, "the token file " + file + " is empty");
  return token;
}

Endpoint tcpEndpoint(const EndpointOptions& options) {
  const size_t colon = options.tcp.rfind(':');
  Endpoint endpoint;
  endpoint.host = options.tcp.substr(0, colon);
  const char* end = options.tcp.data() + options.tcp.size();
  const char* digits = colon == std::string::npos ? end : options.tcp.data() + colon + 1;
  const auto parsed = std::from_chars(digits, end, endpoint.port);
  if (endpoint.host.empty() || parsed.ec != std::errc{} || parsed.ptr != end || endpoint.port == 0) {
    throw CliError(kUsage, "--tcp: expected HOST:PORT such as 127.0.0.1:18781");
  }
  if (!isLoopbackHost(endpoint.host)) {
    throw CliError(kUsage, "--tcp: the admin API is reached on this machine only",
                   "ssh -L 18781:127.0.0.1:18781 " + endpoint.host + ", then --tcp 127.0.0.1:18781");
  }
  endpoint.token = readToken(options.tokenFile.empty() ? environment("GWCTL_TOKEN_FILE") : options.tokenFile);
  return endpoint;
}

}  // namespace

std::vector<std::string> usualSockets(const std::string& program) {
  std::vector<std::string> places{"config/state/admin.sock", "state/admin.sock"};
  const size_t slash = program.rfind('/');
  if (slash != std::string::npos) places.push_back(program.substr(0, slash) + "/config/state/admin.sock");
  places.emplace_back("/run/gatehouse/admin.sock");
  places.emplace_back("/var/lib/gatehouse/admin.sock");
  return places;
}

Endpoint findEndpoint(const EndpointOptions& options) {
  if (!options.tcp.empty()) return tcpEndpoint(options);
  Endpoint endpoint;
  endpoint.socket = options.socket.empty() ? environment("GWCTL_SOCKET") : options.socket;
  if (!endpoint.socket.empty()) return endpoint;
  for (const std::string& place : usualSockets(options.program)) {
    if (isSocket(place)) {
      endpoint.socket = place;
      return endpoint;
    }
  }
  throw CliError(
      kUnreachable,
      "no gateway found: there is no admin socket at " + usualSockets("")[0] + " nor at the other usual places",
      "start gwhost, or name its socket: gwctl --socket PATH (or GWCTL_SOCKET)");
}

}  // namespace gw::cli
