#include "net/http_request_parser.h"

#include <algorithm>
#include <utility>

namespace gw::net {

namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr size_t kRequestLineRest = 64;  // method, version and spaces around the URL

// RFC 9110 §5.6.2.
bool isTokenChar(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool isToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), isTokenChar); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

}  // namespace

std::string_view HttpRequest::header(std::string_view lowerCaseName) const {
  for (const HttpHeader& header : headers) {
    if (header.name == lowerCaseName) return header.value;
  }
  return {};
}

size_t HttpRequest::count(std::string_view lowerCaseName) const {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(),
                                           [&](const HttpHeader& header) { return header.name == lowerCaseName; }));
}

bool HttpRequestParser::refuse(int status, const char* text) {
  state_ = State::kFailed;
  errorStatus_ = status;
  errorText_ = text;
  return false;
}

size_t HttpRequestParser::feed(std::string_view bytes) {
  if (bytes.empty()) return 0;  // http-parser takes no bytes for EOF
  switch (state_) {
    case State::kHead:
      return feedHead(bytes);
    case State::kBody:
      return feedBody(bytes);
    default:
      return 0;
  }
}

size_t HttpRequestParser::feedHead(std::string_view bytes) {
  size_t skipped = 0;
  if (request_ == nullptr) {
    // RFC 9112 §2.2: an empty line before the request line is ignored.
    while (bytes.starts_with("\r\n")) {
      bytes.remove_prefix(2);
      skipped += 2;
    }
    if (bytes.empty() || bytes == "\r") return skipped;
    request_ = std::make_unique<HttpRequest>();
  }
  std::string& head = request_->head;
  const size_t before = head.size();
  const size_t room = limits_->headerBytes + 1 - std::min<size_t>(before, limits_->headerBytes);
  head.append(bytes.substr(0, room));
  const size_t end = head.find(kHeadEnd, before < 3 ? 0 : before - 3);
  if (end != std::string::npos) head.resize(end + kHeadEnd.size());
  const size_t used = head.size() - before;
  if (!checkBytes(std::string_view(head).substr(before == 0 ? 0 : before - 1))) return skipped + used;
  const size_t lineEnd = head.find("\r\n");
  const size_t lineSize = lineEnd == std::string::npos ? head.size() : lineEnd;
  if (lineSize > limits_->urlBytes + kRequestLineRest) {
    refuse(414, "the URL is too long");
  } else if (head.size() > limits_->headerBytes) {
    refuse(431, "the headers are too large");
  } else if (end != std::string::npos) {
    parseHead();
  }
  return skipped + used;
}

// fresh: the new bytes and the one before them.
bool HttpRequestParser::checkBytes(std::string_view fresh) {
  if (!(request_->head.front() >= 'A' && request_->head.front() <= 'Z')) return refuse(400, "not an HTTP request");
  for (size_t i = 0; i < fresh.size(); ++i) {
    const char c = fresh[i];
    const bool isControl = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (isControl && c != '\t' && c != '\r' && c != '\n') return refuse(400, "control bytes in the headers");
    const bool isAfterCr = i > 0 && fresh[i - 1] == '\r';
    // Parties that take a bare CR or LF for a line's end see other requests than we do.
    if (i > 0 && isAfterCr != (c == '\n')) return refuse(400, "bare CR or LF in the headers");
  }
  return true;
}

void HttpRequestParser::parseHead() {
  const std::string_view head = request_->head;
  const size_t lineEnd = head.find("\r\n");
  if (!parseRequestLine(head.substr(0, lineEnd))) return;
  if (!parseHeaderLines(head.substr(lineEnd + 2, head.size() - lineEnd - 4))) return;
  if (!checkSingleHeaders() || !judgeFraming()) return;
  state_ = State::kHeadDone;
}

bool HttpRequestParser::parseRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "malformed request line");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  request_->method = line.substr(0, first);
  if (!isToken(request_->method) || target.find_first_of(" \t") != std::string_view::npos) {
    return refuse(400, "malformed request line");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return version.starts_with("HTTP/") ? refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here")
                                        : refuse(400, "malformed request line");
  }
  if (target.size() > limits_->urlBytes) return refuse(414, "the URL is too long");
  auto parsed = parseTarget(target);
  if (!parsed) return refuse(400, "malformed URL");
  request_->target = std::move(*parsed);
  return true;
}

bool HttpRequestParser::parseHeaderLines(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = lines.find("\r\n");
    if (!parseHeaderLine(lines.substr(0, end))) return false;
    lines.remove_prefix(end + 2);
  }
  return true;
}

bool HttpRequestParser::parseHeaderLine(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "folded header lines are not accepted");
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon))) return refuse(400, "malformed header");
  if (request_->headers.size() >= limits_->headerCount) return refuse(431, "too many headers");
  const size_t start = static_cast<size_t>(line.data() - request_->head.data());
  for (size_t i = start; i < start + colon; ++i) {
    char& c = request_->head[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  request_->headers.push_back({line.substr(0, colon), trimmed(line.substr(colon + 1))});
  return true;
}

bool HttpRequestParser::checkSingleHeaders() {
  // Request smuggling lives on these (RFC 9112 §6): refused rather than judged.
  const size_t lengths = request_->count("content-length");
  const size_t encodings = request_->count("transfer-encoding");
  if (lengths > 1 || encodings > 1) return refuse(400, "repeated Content-Length or Transfer-Encoding");
  if (lengths == 1 && encodings == 1) return refuse(400, "Content-Length with Transfer-Encoding");
  if (encodings == 1 && !equalsIgnoringCase(request_->header("transfer-encoding"), "chunked")) {
    return refuse(400, "only chunked is accepted as Transfer-Encoding");
  }
  if (request_->count("host") > 1) return refuse(400, "repeated Host");
  const std::string_view expected = request_->header("expect");
  if (!expected.empty()) {
    if (!equalsIgnoringCase(expected, "100-continue")) return refuse(417, "only 100-continue can be expected");
    request_->expectsContinue = true;
  }
  return true;
}

bool HttpRequestParser::judgeFraming() {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
  isMessageComplete_ = false;
  const std::string& head = request_->head;
  const size_t parsed = http_parser_execute(&parser_, &settings(), head.data(), head.size());
  const auto error = static_cast<http_errno>(parser_.http_errno);
  if ((error != HPE_OK && error != HPE_PAUSED) || parsed != head.size()) return refuse(400, "malformed request");
  request_->hasBody = !isMessageComplete_;
  request_->isKeepAlive = http_should_keep_alive(&parser_) != 0;
  if (parser_.http_minor == 0 && (parser_.flags & F_CHUNKED) != 0) return refuse(400, "chunked needs HTTP/1.1");
  if (request_->hasBody && (parser_.flags & F_CHUNKED) == 0) request_->contentLength = parser_.content_length;
  if (parser_.http_minor == 0) request_->expectsContinue = false;
  return true;
}

void HttpRequestParser::acceptBody(uint32_t maxBytes) {
  maxBody_ = maxBytes;
  if (!request_->hasBody) {
    state_ = State::kComplete;
  } else if (request_->contentLength > maxBytes) {
    refuse(413, "the body is too large");
  } else {
    state_ = State::kBody;
  }
}

size_t HttpRequestParser::feedBody(std::string_view bytes) {
  const size_t used = http_parser_execute(&parser_, &settings(), bytes.data(), bytes.size());
  if (state_ == State::kFailed) return used;  // a callback refused
  const auto error = static_cast<http_errno>(parser_.http_errno);
  if (isMessageComplete_) {
    state_ = State::kComplete;
  } else if (error != HPE_OK) {
    refuse(400, "malformed body");
  }
  return used;
}

std::unique_ptr<HttpRequest> HttpRequestParser::take() {
  state_ = State::kHead;
  return std::move(request_);
}

const http_parser_settings& HttpRequestParser::settings() {
  static const http_parser_settings instance = [] {
    http_parser_settings s;
    http_parser_settings_init(&s);
    s.on_body = [](http_parser* parser, const char* at, size_t size) {
      auto* self = static_cast<HttpRequestParser*>(parser->data);
      if (self->request_->body.size() + size > self->maxBody_) {
        self->refuse(413, "the body is too large");
        return 1;
      }
      self->request_->body.append(at, size);
      return 0;
    };
    s.on_message_complete = [](http_parser* parser) {
      static_cast<HttpRequestParser*>(parser->data)->isMessageComplete_ = true;
      http_parser_pause(parser, 1);  // what follows is the next request
      return 0;
    };
    return s;
  }();
  return instance;
}

}  // namespace gw::net
