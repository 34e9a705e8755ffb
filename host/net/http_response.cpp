#include "net/http_response.h"

#include <algorithm>
#include <ctime>

namespace gw::net {

namespace {

struct Status {
  int number;
  const char* reason;
  const char* code;  // of the error object
};

constexpr Status kStatuses[] = {
    {200, "OK", ""},
    {201, "Created", ""},
    {202, "Accepted", ""},
    {204, "No Content", ""},
    {301, "Moved Permanently", ""},
    {302, "Found", ""},
    {304, "Not Modified", ""},
    {400, "Bad Request", "INVALID_REQUEST"},
    {401, "Unauthorized", "UNAUTHORIZED"},
    {403, "Forbidden", "FORBIDDEN"},
    {404, "Not Found", "NOT_FOUND"},
    {405, "Method Not Allowed", "METHOD_NOT_FOUND"},
    {408, "Request Timeout", "TIMEOUT"},
    {409, "Conflict", "CONFLICT"},
    {413, "Content Too Large", "TOO_LARGE"},
    {414, "URI Too Long", "TOO_LARGE"},
    {415, "Unsupported Media Type", "INVALID_REQUEST"},
    {417, "Expectation Failed", "INVALID_REQUEST"},
    {421, "Misdirected Request", "FORBIDDEN"},
    {426, "Upgrade Required", "INVALID_REQUEST"},
    {429, "Too Many Requests", "RATE_LIMITED"},
    {431, "Request Header Fields Too Large", "TOO_LARGE"},
    {500, "Internal Server Error", "INTERNAL"},
    {503, "Service Unavailable", "UNAVAILABLE"},
    {505, "HTTP Version Not Supported", "INVALID_REQUEST"},
};

const Status& statusOf(int number) {
  static constexpr Status kOther{0, "Status", "INTERNAL"};
  for (const Status& status : kStatuses) {
    if (status.number == number) return status;
  }
  return kOther;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

bool isOurs(std::string_view name) {
  for (std::string_view ours : {"connection", "content-length", "date", "transfer-encoding", "keep-alive"}) {
    if (equalsIgnoringCase(name, ours)) return true;
  }
  return false;
}

void appendHeaders(std::string& out, const std::vector<HttpHeader>& headers) {
  constexpr std::string_view kBreaks("\r\n\0", 3);
  for (const HttpHeader& header : headers) {
    // A value that came from a client must not be able to end its line (response splitting).
    const bool isBroken = header.name.find_first_of(kBreaks) != std::string_view::npos ||
                          header.value.find_first_of(kBreaks) != std::string_view::npos;
    if (isBroken || header.name.empty() || isOurs(header.name)) continue;
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
}

// RFC 9110 §5.6.7; by hand, for strftime follows the locale.
void appendDate(std::string& out) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm t{};
  gmtime_r(&now, &t);
  auto two = [](int n) { return std::string{static_cast<char>('0' + n / 10 % 10), static_cast<char>('0' + n % 10)}; };
  out.append("Date: ").append(kDays[t.tm_wday]).append(", ").append(two(t.tm_mday)).append(" ");
  out.append(kMonths[t.tm_mon]).append(" ").append(std::to_string(1900 + t.tm_year)).append(" ");
  out.append(two(t.tm_hour)).append(":").append(two(t.tm_min)).append(":").append(two(t.tm_sec)).append(" GMT\r\n");
}

}  // namespace

std::string responseHead(const ResponseShape& shape, const std::vector<HttpHeader>& headers) {
  std::string out;
  out.reserve(512);
  out.append("HTTP/1.1 ").append(std::to_string(shape.status)).append(" ").append(statusOf(shape.status).reason);
  out.append("\r\n");
  appendDate(out);
  out.append("X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
  if (!shape.corsOrigin.empty()) {
    out.append("Access-Control-Allow-Origin: ").append(shape.corsOrigin).append("\r\nVary: Origin\r\n");
  }
  appendHeaders(out, headers);
  if (shape.hasLength) out.append("Content-Length: ").append(std::to_string(shape.contentLength)).append("\r\n");
  out.append(shape.isKeptAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
  return out;
}

std::string upgradeHead(const std::vector<HttpHeader>& headers) {
  std::string out = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
  appendHeaders(out, headers);
  return out + "\r\n";
}

std::string errorBody(int status, std::string_view text) {
  return std::string("{\"code\":\"")
      .append(statusOf(status).code)
      .append("\",\"message\":\"")
      .append(text)
      .append("\"}\n");
}

}  // namespace gw::net
