#pragma once
// HttpRequestParser: bytes → one HTTP/1.1 request at a time. Sans-I/O. The head is collected and
// checked as a whole (strictly: what proxies disagree on is refused), http-parser judges the framing
// and takes the body apart.
//
// Thread: none of its own. Memory: nothing between requests.

#include <http_parser.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_front.h"
#include "net/http_target.h"

namespace gw::net {

/// A request with views into its own head; stays where it is.
struct HttpRequest {
  HttpRequest() = default;
  HttpRequest(const HttpRequest&) = delete;
  HttpRequest& operator=(const HttpRequest&) = delete;

  std::string head;  // as received, header names in lower case
  std::string body;
  std::string_view method;
  HttpTarget target;
  std::vector<HttpHeader> headers;
  bool isKeepAlive = false;
  bool hasBody = false;
  bool expectsContinue = false;
  uint64_t contentLength = 0;  // 0 also for a chunked body

  std::string_view header(std::string_view lowerCaseName) const;  // first, or empty
  size_t count(std::string_view lowerCaseName) const;
};

class HttpRequestParser {
 public:
  enum class State {
    kHead,      // wants more of the head
    kHeadDone,  // look at request(), then acceptBody()
    kBody,      // wants more of the body
    kComplete,  // take()
    kFailed     // errorStatus(), errorText(); nothing more is read
  };

  /// limits must outlive it.
  explicit HttpRequestParser(const HttpLimits& limits) : limits_(&limits) {}

  /// Returns how many bytes belong to this request; stops at the end of the head and of the body.
  size_t feed(std::string_view bytes);
  State state() const { return state_; }
  /// True before the first byte of a request.
  bool isIdle() const { return state_ == State::kHead && request_ == nullptr; }
  const HttpRequest& request() const { return *request_; }
  void acceptBody(uint32_t maxBytes);
  /// The complete request; the parser is ready for the next one.
  std::unique_ptr<HttpRequest> take();

  int errorStatus() const { return errorStatus_; }
  const char* errorText() const { return errorText_; }

 private:
  size_t feedHead(std::string_view bytes);
  size_t feedBody(std::string_view bytes);
  bool checkBytes(std::string_view fresh);
  void parseHead();
  bool parseRequestLine(std::string_view line);
  bool parseHeaderLines(std::string_view lines);
  bool parseHeaderLine(std::string_view line);
  bool judgeFraming();
  bool checkSingleHeaders();
  bool refuse(int status, const char* text);
  static const http_parser_settings& settings();

  const HttpLimits* limits_;
  State state_ = State::kHead;
  bool isMessageComplete_ = false;
  uint32_t maxBody_ = 0;
  int errorStatus_ = 0;
  const char* errorText_ = "";
  std::unique_ptr<HttpRequest> request_;
  http_parser parser_{};
};

}  // namespace gw::net
