#include "net/http_request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gw::net {
namespace {

using State = HttpRequestParser::State;

const HttpLimits kLimits;

// Feeds in pieces, accepting any body; returns how much was consumed.
size_t feedAll(HttpRequestParser& parser, std::string_view bytes, size_t piece) {
  size_t used = 0;
  std::string pending;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    pending += bytes.substr(at, piece);
    for (;;) {
      const size_t n = parser.feed(pending);
      pending.erase(0, n);
      used += n;
      if (parser.state() == State::kHeadDone) {
        parser.acceptBody(1000);
        continue;
      }
      if (n == 0 || pending.empty()) break;
    }
    if (parser.state() == State::kComplete || parser.state() == State::kFailed) break;
  }
  return used;
}

struct Golden {
  std::string bytes;
  std::string method, path, body;
  bool keepAlive;
};

const std::vector<Golden>& goodRequests() {
  static const std::vector<Golden> all = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", "", true},
      {"\r\n\r\nGET /x?y HTTP/1.1\r\nHost:a\r\n\r\n", "GET", "/x", "", true},
      {"GET / HTTP/1.0\r\n\r\n", "GET", "/", "", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET", "/", "", true},
      {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "GET", "/", "", false},
      {"POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "POST", "/rpc", "hello", true},
      {"POST /rpc HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "POST", "/rpc", "", true},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n",
       "POST", "/", "hello world", true},
      {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "GET", "/ws", "", true},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "*", "", true},
  };
  return all;
}

TEST(HttpRequestParser, ReadsGoldenRequestsInPiecesOfEverySize) {
  for (const Golden& golden : goodRequests()) {
    const std::string next = "GET /next HTTP/1.1\r\n\r\n";
    for (size_t piece = 1; piece <= golden.bytes.size() + next.size(); ++piece) {
      HttpRequestParser parser(kLimits);
      const size_t used = feedAll(parser, golden.bytes + next, piece);
      ASSERT_EQ(parser.state(), State::kComplete) << golden.bytes << parser.errorText();
      ASSERT_EQ(used, golden.bytes.size()) << "the next request's bytes must wait";
      const auto request = parser.take();
      EXPECT_EQ(request->method, golden.method);
      EXPECT_EQ(request->target.path, golden.path);
      EXPECT_EQ(request->body, golden.body);
      EXPECT_EQ(request->isKeepAlive, golden.keepAlive);
      EXPECT_TRUE(parser.isIdle());
    }
  }
}

TEST(HttpRequestParser, LowersNamesAndTrimsValues) {
  HttpRequestParser parser(kLimits);
  feedAll(parser, "GET / HTTP/1.1\r\nX-Some-THING: \t A B \t\r\nEmpty:\r\n\r\n", 1000);
  const auto request = parser.take();
  ASSERT_EQ(request->headers.size(), 2u);
  EXPECT_EQ(request->headers[0].name, "x-some-thing");
  EXPECT_EQ(request->headers[0].value, "A B");
  EXPECT_EQ(request->headers[1].value, "");
  EXPECT_EQ(request->header("absent"), "");
}

TEST(HttpRequestParser, ReadsOneRequestAfterAnother) {
  HttpRequestParser parser(kLimits);
  for (int i = 0; i < 3; ++i) {
    for (const Golden& golden : goodRequests()) {
      feedAll(parser, golden.bytes, 7);
      ASSERT_EQ(parser.state(), State::kComplete);
      EXPECT_EQ(parser.take()->body, golden.body);
    }
  }
}

struct Bad {
  const char* name;
  std::string bytes;
  int status;
};

TEST(HttpRequestParser, RefusesWhatProxiesDisagreeOn) {
  const std::string get = "GET / HTTP/1.1\r\n";
  const std::string post = "POST / HTTP/1.1\r\n";
  const Bad all[] = {
      {"length and chunked", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
      {"the same length twice", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
      {"length list", post + "Content-Length: 5, 5\r\n\r\nhello", 400},
      {"signed length", post + "Content-Length: +5\r\n\r\nhello", 400},
      {"hex length", post + "Content-Length: 0x5\r\n\r\nhello", 400},
      {"empty length", post + "Content-Length: \r\n\r\n", 400},
      {"huge length", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"two encodings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"identity", post + "Transfer-Encoding: identity\r\n\r\n", 400},
      {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
      {"xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"space before colon", post + "Content-Length : 5\r\n\r\nhello", 400},
      {"folded line", get + "A: b\r\n c\r\n\r\n", 400},
      {"folded first line", get + " A: b\r\n\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare LF in headers", get + "A: b\nC: d\r\n\r\n", 400},
      {"bare CR", get + "A: b\rC: d\r\n\r\n", 400},
      {"NUL", get + std::string("A: \0\r\n\r\n", 9), 400},
      {"control byte", get + "A: \x01\r\n\r\n", 400},
      {"no colon", get + "Abc\r\n\r\n", 400},
      {"no name", get + ": b\r\n\r\n", 400},
      {"two hosts", get + "Host: a\r\nHost: b\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\n\r\n", 400},
      {"tab", "GET\t/ HTTP/1.1\r\n\r\n", 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"unknown method", "FROB / HTTP/1.1\r\n\r\n", 400},
      {"lower-case method", "get / HTTP/1.1\r\n\r\n", 400},
      {"TLS hello", std::string("\x16\x03\x01\x02", 4), 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/3.0", "GET / HTTP/3.0\r\n\r\n", 505},
      {"bad escape", "GET /%zz HTTP/1.1\r\n\r\n", 400},
      {"connect", "CONNECT a:1 HTTP/1.1\r\n\r\n", 400},
      {"expectation", post + "Expect: miracles\r\nContent-Length: 1\r\n\r\nx", 417},
      {"bad chunk size", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"chunk without end", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400},
      {"negative chunk", post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
      {"huge chunk", post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
  };
  for (const Bad& bad : all) {
    for (size_t piece : {size_t{1}, size_t{2}, size_t{1000}}) {
      HttpRequestParser parser(kLimits);
      feedAll(parser, bad.bytes, piece);
      EXPECT_EQ(parser.state(), State::kFailed) << bad.name << " in pieces of " << piece;
      EXPECT_EQ(parser.errorStatus(), bad.status) << bad.name << ": " << parser.errorText();
    }
  }
}

TEST(HttpRequestParser, KeepsItsLimits) {
  HttpLimits limits;
  limits.headerBytes = 300;
  limits.headerCount = 3;
  limits.urlBytes = 50;
  const Bad all[] = {
      {"long url", "GET /" + std::string(51, 'a') + " HTTP/1.1\r\n\r\n", 414},
      {"endless url", "GET /" + std::string(5000, 'a'), 414},
      {"long header", "GET / HTTP/1.1\r\nA: " + std::string(5000, 'a'), 431},
      {"many headers", "GET / HTTP/1.1\r\nA:1\r\nB:2\r\nC:3\r\nD:4\r\n\r\n", 431},
      {"large body", "POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413},
      {"large chunks",
       "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n", 413},
  };
  for (const Bad& bad : all) {
    for (size_t piece : {size_t{1}, size_t{100}, size_t{100'000}}) {
      HttpRequestParser parser(limits);
      feedAll(parser, bad.bytes, piece);
      EXPECT_EQ(parser.state(), State::kFailed) << bad.name;
      EXPECT_EQ(parser.errorStatus(), bad.status) << bad.name << ": " << parser.errorText();
    }
  }
  HttpRequestParser parser(limits);
  feedAll(parser, "GET / HTTP/1.1\r\nA:1\r\nB:2\r\nC:3\r\n\r\n", 5);
  EXPECT_EQ(parser.state(), State::kComplete) << "at the limit";
}

TEST(HttpRequestParser, AsksForTheGoOnlyWhereTheProtocolKnowsIt) {
  HttpRequestParser parser(kLimits);
  parser.feed("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  ASSERT_EQ(parser.state(), State::kHeadDone);
  EXPECT_TRUE(parser.request().expectsContinue);
  HttpRequestParser old(kLimits);
  old.feed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  ASSERT_EQ(old.state(), State::kHeadDone);
  EXPECT_FALSE(old.request().expectsContinue);
}

}  // namespace
}  // namespace gw::net
