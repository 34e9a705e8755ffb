#include "conform/conversation.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

namespace gw::conform {
namespace {

constexpr size_t kMostQuoted = 60;

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// The words of one line, from left to right.
class LineReader {
 public:
  LineReader(std::string_view line, std::string place) : rest_(line), place_(std::move(place)) { skipSpace(); }

  bool isAtEnd() const { return rest_.empty() || rest_.front() == '#'; }
  std::string word(const char* what) {
    if (isAtEnd()) fail(std::string("expected ") + what);
    size_t length = 0;
    while (length < rest_.size() && !isSpace(rest_[length])) ++length;
    std::string out(rest_.substr(0, length));
    rest_.remove_prefix(length);
    skipSpace();
    return out;
  }
  /// All that is left, comments too: JSON and header values may hold a #.
  std::string remainder(const char* what) {
    while (!rest_.empty() && isSpace(rest_.back())) rest_.remove_suffix(1);
    if (rest_.empty()) fail(std::string("expected ") + what);
    return std::string(std::exchange(rest_, {}));
  }
  uint64_t number(const char* what, uint64_t most) {
    const std::string text = word(what);
    uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || value > most)
      fail(std::string("expected ") + what + ", a number of at most " + std::to_string(most) + ", got " + text);
    return value;
  }
  /// "..." with \r \n \t \0 \\ \" and \xHH.
  std::string quotedBytes() {
    if (isAtEnd() || rest_.front() != '"') fail("expected bytes in double quotes");
    rest_.remove_prefix(1);
    std::string out;
    while (true) {
      if (rest_.empty()) fail("the closing quote is missing");
      const char c = take();
      if (c == '"') break;
      out += c == '\\' ? escape() : c;
    }
    skipSpace();
    return out;
  }
  void end() {
    if (!isAtEnd()) fail("unexpected: " + std::string(rest_));
  }
  [[noreturn]] void fail(const std::string& why) const { throw ConversationError(place_ + why); }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  char escape() {
    if (rest_.empty()) fail("a backslash ends the line");
    switch (const char c = take()) {
      case 'r':
        return '\r';
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case '0':
        return '\0';
      case '\\':
      case '"':
        return c;
      case 'x':
        return hexByte();
      default:
        fail(std::string("unknown escape \\") + c + "; there are \\r \\n \\t \\0 \\\\ \\\" and \\xHH");
    }
  }
  char hexByte() {
    unsigned value = 0;
    if (rest_.size() >= 2) {
      const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + 2, value, 16);
      if (problem == std::errc{} && end == rest_.data() + 2) {
        rest_.remove_prefix(2);
        return static_cast<char>(value);
      }
    }
    fail("\\x is followed by two hexadecimal digits");
  }
  void skipSpace() {
    while (!rest_.empty() && isSpace(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::string place_;
};

class Parser {
 public:
  explicit Parser(Conversation& out) : out_(out) {}

  void line(LineReader& reader) {
    if (reader.isAtEnd()) return;
    const std::string verb = reader.word("a word");
    if (!opening(verb, reader)) step(verb, reader);
    reader.end();
  }

 private:
  bool opening(const std::string& verb, LineReader& reader) {
    if (verb == "options") {
      out_.options = reader.remainder("a JSON object");
    } else if (verb == "tls") {
      out_.isTls = true;
    } else if (verb == "request") {
      if (out_.request.has_value()) reader.fail("there is one request");
      request(reader);
    } else if (verb == "header" || verb == "body" || verb == "answer") {
      if (!out_.request.has_value()) reader.fail(verb + " belongs to a request, which stands before it");
      ofRequest(verb, reader);
    } else {
      return false;
    }
    if (!out_.steps.empty()) reader.fail(verb + " stands before what is sent and shown");
    return true;
  }

  void request(LineReader& reader) {
    Opening made;
    made.method = reader.word("a method, as in GET");
    const std::string target = reader.word("a path, as in /events");
    if (target.front() != '/') reader.fail("a path begins with /");
    const size_t mark = target.find('?');
    made.path = target.substr(0, mark);
    if (mark != std::string::npos) made.query = target.substr(mark + 1);
    out_.request = std::move(made);
  }

  void ofRequest(const std::string& verb, LineReader& reader) {
    Opening& request = *out_.request;
    if (verb == "body") {
      request.body = reader.quotedBytes();
    } else if (verb == "answer") {
      request.answer = static_cast<uint32_t>(reader.number("an HTTP status", 599));
    } else {
      std::string name = reader.word("a header, as in accept: text/event-stream");
      if (name.size() < 2 || name.back() != ':') reader.fail("a header's name ends with a colon");
      name.pop_back();
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');  // as the host gives them
      request.headers.emplace_back(std::move(name), reader.remainder("the header's value"));
    }
  }

  void step(const std::string& verb, LineReader& reader) {
    Step made;
    if (verb == "send") {
      made.bytes = reader.quotedBytes();
      sent_ += made.bytes.size();
      if (sent_ > kMostSent)
        reader.fail("a client sends at most " + std::to_string(kMostSent) + " bytes: make it two conversations");
    } else if (verb == "text") {
      made.kind = Step::Kind::kText;
      made.bytes = reader.quotedBytes();
    } else if (verb == "prompt") {
      made.kind = Step::Kind::kPrompt;
      made.bytes = reader.quotedBytes();
      made.isHidden = !reader.isAtEnd();
      if (made.isHidden && reader.word("hidden") != "hidden") reader.fail("what may follow a prompt is hidden");
    } else if (verb == "data") {
      made.kind = Step::Kind::kData;
      made.name = reader.word("an event's name");
      made.bytes = reader.remainder("its JSON payload");
    } else if (verb == "wait") {
      made.kind = Step::Kind::kWait;
      made.ms = reader.number("milliseconds", 86'400'000);
    } else if (verb == "login") {
      made.kind = Step::Kind::kLogin;
      made.login = loginKind(reader);
    } else if (verb == "eof") {
      made.kind = Step::Kind::kEof;
    } else {
      reader.fail(
          "unknown word " + verb +
          "; there are options, tls, request, header, body, answer, send, text, prompt, data, wait, login, eof");
    }
    if (out_.steps.size() >= kMostSteps) reader.fail("there are at most " + std::to_string(kMostSteps) + " steps");
    out_.steps.push_back(std::move(made));
  }

  static uint32_t loginKind(LineReader& reader) {
    const std::string kind = reader.word("open, signed-in, refused, undecided or token");
    if (kind == "open") return GW_LOGIN_OPEN;
    if (kind == "signed-in") return GW_LOGIN_SIGNED_IN;
    if (kind == "refused") return GW_LOGIN_REFUSED;
    if (kind == "undecided") return GW_LOGIN_UNDECIDED;
    if (kind == "token") return GW_LOGIN_TOKEN;
    reader.fail("expected open, signed-in, refused, undecided or token, got " + kind);
  }

  Conversation& out_;
  size_t sent_ = 0;
};

}  // namespace

std::string inQuotes(std::string_view bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : bytes.substr(0, kMostQuoted)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + (bytes.size() > kMostQuoted ? "\"..." : "\"");
}

size_t Conversation::bytesSent() const {
  size_t all = 0;
  for (const Step& step : steps)
    if (step.kind == Step::Kind::kSend) all += step.bytes.size();
  return all;
}

Conversation parseConversation(std::string_view text, const std::string& name) {
  Conversation out;
  out.name = name;
  Parser parser(out);
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    LineReader reader(text.substr(0, end), name + ":" + std::to_string(++number) + ": ");
    parser.line(reader);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (out.steps.empty()) throw ConversationError(name + ": nothing is sent or shown in it");
  return out;
}

Conversation readConversation(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConversationError(file + ": it cannot be read");
  std::string text(kMostConversationBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMostConversationBytes)
    throw ConversationError(file + ": it is longer than " + std::to_string(kMostConversationBytes) + " bytes");
  return parseConversation(text, file);
}

std::vector<Conversation> usualConversations() {
  constexpr std::string_view kLines = R"(
send "look\r\n"
text "A room with two doors."
prompt "> "
send "say hello\nsay hello again\n"
data presence {"here":["Ann"]}
text "You say hello."
send "unfini"
text "It rains."
wait 1500
send "shed line\r\n"
prompt "Password: " hidden
send "secret\r\n\r\n"
wait 60000
)";
  Conversation lines = parseConversation(kLines, "lines of text");
  // Streams that take no input show at least the text.
  Conversation bytes =
      parseConversation("send \"look\\r\\n\"\nsend \"look\\r\\n\"\ntext \"It rains.\"\n", "every byte");
  Step all;
  for (int byte = 0; byte < 256; ++byte) all.bytes += static_cast<char>(byte);
  bytes.steps.insert(bytes.steps.begin() + 1, all);
  lines.isGuessed = bytes.isGuessed = true;
  return {std::move(lines), std::move(bytes)};
}

}  // namespace gw::conform
