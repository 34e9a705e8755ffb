#include "frames.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "gw/backend/output.hpp"
#include "incoming.h"
#include "json_text.h"
#include "send_queue.h"
#include "socket.h"
#include "support/child_process.h"
#include "token_file.h"

namespace gw::backend {
namespace {

using nlohmann::json;

std::string inQuotes(std::string_view text) {
  std::string out;
  appendJsonString(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonWants) { EXPECT_EQ(inQuotes("a\"b\\c\n\x1b"), "\"a\\\"b\\\\c\\n\\u001b\""); }

TEST(JsonText, ReplacesIllFormedUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(inQuotes("gr\xC3\xBC\xC3\x9F"), "\"gr\xC3\xBC\xC3\x9F\"");
  EXPECT_EQ(inQuotes("a\xC3"), "\"a" + bad + "\"");
  EXPECT_EQ(inQuotes("\xC0\xAF"), "\"" + bad + bad + "\"");            // overlong
  EXPECT_EQ(inQuotes("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"");  // a surrogate
  EXPECT_EQ(inQuotes("\xF0\x9F\x90\x80"), "\"\xF0\x9F\x90\x80\"");
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second), 'x'};
      EXPECT_FALSE(json::parse(inQuotes(text), nullptr, false).is_discarded()) << first << ' ' << second;
    }
  }
}

TEST(JsonText, RefusesWhatIsNotJsonOrTooDeep) {
  EXPECT_THROW(checkedJson("{\"a\":"), std::invalid_argument);
  EXPECT_THROW(checkedJson(std::string(61, '[') + std::string(61, ']')), std::invalid_argument);
  EXPECT_EQ(checkedJson("{ \"a\" : [1, 2] }"), "{\"a\":[1,2]}");
  EXPECT_NO_THROW(checkedJson("\"" + std::string(100, '[') + "\""));
}

TEST(Output, LooksAsTheProtocolSays) {
  const auto is = [](const Output& output, const char* expected) {
    EXPECT_EQ(json::parse(output.json()), json::parse(expected));
  };
  is(Output::text("hi"), R"({"type":"text","text":"hi"})");
  Span span;
  span.start = 1;
  span.len = 2;
  span.fg = "12";
  span.bg = "#102030";
  span.bold = true;
  is(Output::formatted("hi", {span}),
     R"({"type":"formattedText","text":"hi","spans":[{"start":1,"len":2,"fg":12,"bg":"#102030","bold":true}]})");
  is(Output::structured("map.tile", "{\"x\":1}", "a map"),
     R"({"type":"structured","outputType":"map.tile","data":{"x":1},"text":"a map"})");
  is(Output::room({"Hall", "Big.", {"north"}, {"Anna"}, {}}),
     R"({"type":"roomDescription","name":"Hall","description":"Big.","exits":["north"],"entities":["Anna"],"items":[]})");
  is(Output::combat({"Anna", "rat", "hits", 3, true}),
     R"({"type":"combat","attacker":"Anna","defender":"rat","action":"hits","damage":3,"critical":true})");
  is(Output::system("soon", "warning"), R"({"type":"system","text":"soon","level":"warning"})");
  is(Output::terminal(std::string_view("\x1b[2J\xb0\xff\0", 7), "A menu."),
     R"({"type":"terminal","data":"G1sySrD/AA==","text":"A menu."})");
  is(Output::terminal("\x1b[2J\xb0"), R"({"type":"terminal","data":"G1sySrA="})");
  is(Output::terminal("\x1b[J"), R"({"type":"terminal","data":"G1tK"})");
}

TEST(Frames, CountedEventsHaveTheirNumberBesideTheName) {
  std::string out;
  appendEvent(out, FrameKind::kJoin, 7, "{\"session\":\"s\"}");
  EXPECT_EQ(out, R"({"type":"event","event":"room.join","n":7,"payload":{"session":"s"}})");
}

TEST(Incoming, ReadsArraysAndSkipsWhatItDoesNotKnow) {
  std::vector<Item> items;
  ASSERT_TRUE(parseMessage(R"([{"type":"event","event":"command","payload":{"session":"s","seq":3,"text":"look"}},
    {"type":"event","event":"link.ack","payload":{"n":9}},{"type":"later"},7,
    {"type":"req","id":4,"method":"heartbeat"}])",
                           items));
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(std::get<CommandItem>(items[0]).text, "look");
  EXPECT_EQ(std::get<AckItem>(items[1]).n, 9);
  EXPECT_EQ(std::get<RequestItem>(items[2]).id, "4");
}

TEST(Incoming, RefusesWhatIsNoMessage) {
  std::vector<Item> items;
  EXPECT_FALSE(parseMessage("{", items));
  EXPECT_FALSE(parseMessage("7", items));
  EXPECT_FALSE(parseMessage(std::string(65, '[') + std::string(65, ']'), items));
}

TEST(Batches, FillMessagesUpToTheLimitAndNotOver) {
  Batches batches(kMaxMessage);
  const std::string frame(99, 'x');  // 100 with its comma or bracket
  for (int i = 0; i < 2000; ++i) batches.append(frame);
  std::vector<size_t> sizes;
  while (!batches.isEmpty()) sizes.push_back(batches.take().size());
  EXPECT_EQ(sizes, (std::vector<size_t>{65501, 65501, 65501, 3501}));
}

TEST(Batches, TakeTheLargestFrame) {
  Batches batches(kMaxMessage);
  batches.append("1");
  batches.append(std::string(kMaxMessage - 2, 'x'));
  batches.append("2");
  EXPECT_EQ(batches.take(), "[1]");
  EXPECT_EQ(batches.take().size(), kMaxMessage);
  EXPECT_EQ(batches.take(), "[2]");
}

TEST(Batches, JoinWhatFitsIntoOneMessage) {
  Batches first(20);
  first.append("aaaa");
  Batches second(20);
  second.append("bbbb");
  Batches third(20);
  third.append("cccccccccc");
  first.append(std::move(second));
  first.append(std::move(third));
  EXPECT_EQ(first.take(), "[aaaa,bbbb]");
  EXPECT_EQ(first.take(), "[cccccccccc]");
  EXPECT_TRUE(first.isEmpty());
}

TEST(SendQueue, DropsFramesOfAnOlderConnection) {
  SendQueue queue(kMaxMessage);
  queue.push(1, "closed");
  queue.open(2);
  queue.push(1, "old");
  queue.push(2, "new");
  EXPECT_EQ(queue.next(2), "[new]");
  queue.close();
  EXPECT_EQ(queue.next(2), std::nullopt);
}

TEST(SendQueue, GivesWhatWaitsBeforeAGoodbye) {
  SendQueue queue(kMaxMessage);
  queue.open(1);
  queue.push(1, "last");
  queue.finish();
  queue.push(1, "late");
  EXPECT_EQ(queue.next(1), "[last]");
  EXPECT_EQ(queue.next(1), std::nullopt);
}

TEST(SendQueue, LetsTheWorkerWaitForRoom) {
  SendQueue queue(kMaxMessage, 10);
  queue.open(1);
  queue.push(1, std::string(100, 'x'));
  std::thread reader([&] { queue.next(1); });
  queue.waitForRoom();  // or it hangs
  reader.join();
}

TEST(Url, KnowsBothKinds) {
  EXPECT_EQ(Url::parse("unix:/run/gw.sock").unixPath, "/run/gw.sock");
  const Url url = Url::parse("ws://127.0.0.1:18780/backend");
  EXPECT_EQ(url.host, "127.0.0.1");
  EXPECT_EQ(url.port, 18780);
  EXPECT_EQ(Url::parse("ws://[::1]:80").host, "::1");
  EXPECT_EQ(Url::parse("ws://host:80").path, "/backend");
  for (const char* bad : {"http://a:1", "ws://", "ws://a:b", "ws://a:70000", "unix:"}) {
    EXPECT_THROW(Url::parse(bad), std::runtime_error) << bad;
  }
}

TEST(TokenFile, IsTrimmed) {
  const test::TempFolder folder;
  EXPECT_EQ(readTokenFile(folder.write("t", " secret\n")), "secret");
}

TEST(TokenFile, IsRefusedIfOthersCanReadItOrItIsEmpty) {
  const test::TempFolder folder;
  EXPECT_THROW(readTokenFile(folder.write("a", "secret", 0640)), std::runtime_error);
  EXPECT_THROW(readTokenFile(folder.write("b", "secret", 0604)), std::runtime_error);
  EXPECT_THROW(readTokenFile(folder.write("c", "\n")), std::runtime_error);
  EXPECT_THROW(readTokenFile(folder.file("none")), std::runtime_error);
}

}  // namespace
}  // namespace gw::backend
