// Parsers of the host that meet bytes from outside before anybody has been let in.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "elf/elf_inspect.h"
#include "net/http_request_parser.h"
#include "net/proxy_header.h"
#include "session/client_api.h"
#include "session/text/sanitize.h"
#include "targets.h"

namespace gw::fuzz {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr size_t kWhole = SIZE_MAX;

// --- HTTP requests

using HttpState = net::HttpRequestParser::State;

std::string described(const net::HttpRequest& request) {
  std::string out(request.method);
  out.append(" ").append(request.target.path).append("?").append(request.target.query).append("\n");
  for (const net::HttpHeader& header : request.headers) {
    expect(header.value.find_first_of("\r\n\0"sv) == std::string_view::npos, "a header's value holds another line");
    out.append(header.name).append(": ").append(header.value).append("\n");
  }
  return out + request.body + (request.isKeepAlive ? "\nagain\n" : "\nlast\n");
}

/// One call of the parser, and what its user does then. False: it wants more, or nothing more.
bool takeSome(net::HttpRequestParser& parser, std::string& pending, std::string& out) {
  if (pending.empty() || parser.state() == HttpState::kFailed) return false;
  const size_t used = parser.feed(pending);
  expect(used <= pending.size(), "more was taken than there is");
  pending.erase(0, used);
  const bool isHead = parser.state() == HttpState::kHeadDone;
  if (isHead) parser.acceptBody(1000);
  const bool isWhole = parser.state() == HttpState::kComplete;
  if (isWhole) out += described(*parser.take());
  return used > 0 || isHead || isWhole;
}

/// All requests of a connection, fed in pieces of that size: what is not used comes again with the next piece.
std::string requestsOf(std::string_view bytes, size_t piece) {
  static const net::HttpLimits kLimits{.headerBytes = 2048, .headerCount = 20, .urlBytes = 512};
  net::HttpRequestParser parser(kLimits);
  std::string out, pending;
  while (!bytes.empty() && parser.state() != HttpState::kFailed) {
    pending += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (takeSome(parser, pending, out)) {
    }
  }
  if (parser.state() != HttpState::kFailed) return out;
  expect(parser.errorStatus() >= 400 && parser.errorText()[0] != '\0', "a request is refused without a reason");
  return out + "refused " + std::to_string(parser.errorStatus()) + ' ' + parser.errorText();
}

void httpRequest(std::string_view input) {
  const std::string whole = requestsOf(input, kWhole);
  for (const size_t piece : {size_t{1}, size_t{7}}) {
    const std::string cut = requestsOf(input, piece);
    if (cut != whole) fail("cut into pieces it is read otherwise:\n" + whole + "\n---\n" + cut);
  }
}

std::vector<std::string> httpSeeds() {
  return {
      "GET /x?y=%20z HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d\r\n\r\nGET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: "
      "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
      "\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nOrigin: http://a\r\nExpect: 100-continue\r\n\r\n",
      "GET //a/../b/./%2e%2e/c%00 HTTP/1.1\r\nHost: a\r\n b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"};
}

// --- PROXY headers

std::string proxyOf(std::string_view bytes, size_t piece) {
  net::ProxyHeaderParser parser;
  size_t used = 0;
  for (size_t at = 0; at < bytes.size() && parser.state() == net::ProxyHeaderParser::State::kWantsMore;) {
    const std::string_view part = bytes.substr(at, piece);
    const size_t taken = parser.feed(part);
    expect(taken <= part.size(), "more was taken than there is");
    used += taken;
    at += part.size();
  }
  expect(used <= net::ProxyHeaderParser::kMaxV2Bytes, "a header above the bound is taken");
  return std::to_string(static_cast<int>(parser.state())) + " used " + std::to_string(used) + ' ' + parser.error() +
         ' ' + (parser.source() ? parser.source()->toString() : "-");
}

void proxyHeader(std::string_view input) {
  const std::string whole = proxyOf(input, kWhole);
  const std::string cut = proxyOf(input, 1);
  if (cut != whole) fail("cut into pieces it is read otherwise:\n" + whole + "\n---\n" + cut);
}

std::vector<std::string> proxySeeds() {
  const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
  const std::string four = "\x21\x11\x00\x0c\xcb\x00\x71\x09\x0a\x00\x00\x01\xa0\x0f\x0f\xa0"s;
  const std::string six = "\x21\x21\x00\x29"s + std::string(32, '\x20') + "\x00\x50\x01\xbb\x04\x00\x02.."s;
  return {"PROXY TCP4 203.0.113.9 10.0.0.1 40975 4000\r\nhello",
          "PROXY TCP6 2001:db8::5 ::1 80 443\r\n",
          "PROXY UNKNOWN whatever\r\n",
          signature + four + "hello",
          signature + six,
          signature + "\x20\x00\x00\x00"s};
}

// --- plugin files

void elf(std::string_view input) {
  const elf::Inspection found = elf::inspectElf(input);
  if (found.ok()) expect(elf::isChannelId(found.note.id), "a plugin without a usable id is taken");
}

std::vector<std::string> elfSeeds() {
  std::ifstream file(GW_FUZZ_ELF, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  expect(!bytes.empty(), std::string("cannot read ") + GW_FUZZ_ELF);
  return {bytes, bytes.substr(0, 64),
          "\x7f"
          "ELF\x02\x01\x01"s};
}

// --- gateway.v1 frames

void clientJson(std::string_view input) {
  nlohmann::json parsed;
  std::string reason;
  if (!session::parseClientJson(input, parsed, reason)) {
    return expect(!reason.empty(), "JSON is refused without a reason");
  }
  const std::string again = parsed.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  expect(session::parseClientJson(again, parsed, reason), "what was read cannot be written: " + reason);
  for (const char* name : {"id", "method", "type"}) (void)session::stringMember(parsed, name, 16);
}

std::vector<std::string> jsonSeeds() {
  return {R"({"type":"req","id":"1","method":"connect","params":{"auth":{"guest":true},"device":{"id":"d"}}})",
          R"([{"type":"req","id":2,"method":"command","params":{"text":"say \u00e9\ud83d\ude00","clientSeq":1}}])",
          R"({"a":[1,-2.5e3,true,null,"\\\"/\b\f\n\r\t"]})", std::string(64, '[') + std::string(64, ']')};
}

// --- typed and shown text

void expectClean(const std::string& text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    expect((byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t', "a control byte has passed");
  }
  expect(session::sanitizeInput(text) == text, "what has been cleaned is cleaned again");
}

void text(std::string_view input) {
  expectClean(session::sanitizeInput(input));
  const session::Styled styled = session::renderSgr(input);
  expectClean(styled.text);
  size_t end = 0;
  for (const auto& span : styled.spans) {
    expect(span.start >= end && span.len > 0 && span.start + span.len <= styled.text.size(), "spans overlap");
    end = span.start + span.len;
  }
}

std::vector<std::string> textSeeds() {
  return {"say caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\x1b[1;31mred\x1b[38;5;208mx\x1b[48;2;1;2;3my\x1b[0m",
          "\x1b]8;;http://a\x1b\\link\x1b]8;;\x07 \xe2\x80\xae\xc2\x9b\x7f", "a\xc3(\xed\xa0\x80\xf4\x90\x80\x80\xff"};
}

}  // namespace

const std::vector<Target>& parserTargets() {
  static const std::vector<Target> all{{"http_request", httpRequest, httpSeeds},
                                       {"proxy_header", proxyHeader, proxySeeds},
                                       {"elf", elf, elfSeeds},
                                       {"client_json", clientJson, jsonSeeds},
                                       {"text", text, textSeeds}};
  return all;
}

}  // namespace gw::fuzz
