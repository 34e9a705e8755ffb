#include "net/http_response.h"

#include <algorithm>
#include <ctime>

namespace gw::net {

namespace {

const char* reasonOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

const char* codeOf(int status) {
  switch (status) {
    case 401:
      return "UNAUTHORIZED";
    case 403:
    case 421:
      return "FORBIDDEN";
    case 404:
      return "NOT_FOUND";
    case 405:
      return "METHOD_NOT_FOUND";
    case 408:
      return "TIMEOUT";
    case 409:
      return "CONFLICT";
    case 413:
    case 414:
    case 431:
      return "TOO_LARGE";
    case 429:
      return "RATE_LIMITED";
    case 500:
      return "INTERNAL";
    case 503:
      return "UNAVAILABLE";
    default:
      return "INVALID_REQUEST";
  }
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
  out.append("HTTP/1.1 ").append(std::to_string(shape.status)).append(" ").append(reasonOf(shape.status));
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
  return std::string("{\"code\":\"").append(codeOf(status)).append("\",\"message\":\"").append(text).append("\"}\n");
}

}  // namespace gw::net
