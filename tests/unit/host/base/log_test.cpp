#include "base/log.h"

#include <Poco/Channel.h>
#include <Poco/Logger.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/log_sink.h"

namespace gw::log {
namespace {

using Json = nlohmann::json;

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gw-log-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    log::shutdown();
    std::filesystem::remove_all(folder_);
  }
  std::string file() const { return folder_ + "/gw.log"; }
  std::string written() {
    log::flush(5000);
    std::ifstream in(file());
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  void start(const std::string& level, bool json) { configure({level, json, file()}); }
  std::string folder_;
};

TEST(LogQuoted, KeepsPrintableTextAndEscapesTheRest) {
  EXPECT_EQ(log::quoted("Aragorn"), "\"Aragorn\"");
  EXPECT_EQ(log::quoted("Ünïcode ✓ 😀"), "\"Ünïcode ✓ 😀\"");
  EXPECT_EQ(log::quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(log::quoted(std::string("\x1b[31m\n\0\x7f", 8)), "\"\\x1b[31m\\x0a\\x00\\x7f\"");
  EXPECT_EQ(log::quoted("\xc2\x9b"), "\"\\xc2\\x9b\"");           // C1 CSI
  EXPECT_EQ(log::quoted("\xe2\x80\xae"), "\"\\xe2\\x80\\xae\"");  // right-to-left override
  EXPECT_EQ(log::quoted("\xe2\x81\xa6"), "\"\\xe2\\x81\\xa6\"");  // isolate
}

TEST(LogQuoted, EscapesIllFormedUtf8ByteByByte) {
  EXPECT_EQ(log::quoted("\xff"), "\"\\xff\"");
  EXPECT_EQ(log::quoted("\xc3"), "\"\\xc3\"");                    // cut short
  EXPECT_EQ(log::quoted("\xc0\xaf"), "\"\\xc0\\xaf\"");           // overlong
  EXPECT_EQ(log::quoted("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");  // surrogate
  EXPECT_EQ(log::quoted("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\"");
  EXPECT_EQ(log::quoted("\xe2z"), "\"\\xe2z\"");
}

TEST(LogQuoted, CutsAt256BytesButNeverInsideACharacter) {
  EXPECT_EQ(log::quoted(std::string(256, 'x')), '"' + std::string(256, 'x') + '"');
  EXPECT_EQ(log::quoted(std::string(300, 'x')), '"' + std::string(256, 'x') + "\"...");
  EXPECT_EQ(log::quoted(std::string(255, 'x') + "ü"), '"' + std::string(255, 'x') + "\"...");
}

TEST_F(LogTest, TextLinesCarryTimeLevelAreaAndFieldsInOrder) {
  start("info", false);
  info("session", "resumed", {{"user", "Zoë \"the cat\""}, {"age", 3}});
  const std::string line = written();
  EXPECT_EQ(line.substr(4, 1), "-");
  EXPECT_NE(line.find("Z info  session: resumed user=\"Zoë \\\"the cat\\\"\" age=\"3\"\n"), line.npos) << line;
}

TEST_F(LogTest, AMessageNeverBecomesTwoLines) {
  start("info", false);
  warn("telnet\n", "first\nERROR forged\x1b[2J", {{"name", "x\r\ny"}});
  const std::string text = written();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_EQ(text.find('\x1b'), text.npos);
}

TEST_F(LogTest, JsonLinesParseWhateverTheBytes) {
  start("debug", true);
  debug("area", "bad \xff utf8 \n", {{"level", "mine"}, {"n", 7u}, {"text", std::string(300, 'y')}});
  std::istringstream lines(written());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const Json object = Json::parse(line, nullptr, false);
  ASSERT_TRUE(object.is_object()) << line;
  EXPECT_EQ(object["level"], "debug");
  EXPECT_EQ(object["area"], "area");
  EXPECT_EQ(object["field.level"], "mine");
  EXPECT_EQ(object["n"], "7");
  EXPECT_EQ(object["text"].get<std::string>().size(), 256u);
  EXPECT_EQ(object["time"].get<std::string>().back(), 'Z');
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(LogTest, TheLevelChangesOnReload) {
  start("warn", false);
  info("a", "unseen");
  error("a", "seen error");
  start("debug", false);
  debug("a", "seen debug");
  const std::string text = written();
  EXPECT_EQ(text.find("unseen"), text.npos);
  EXPECT_NE(text.find("seen error"), text.npos);
  EXPECT_NE(text.find("seen debug"), text.npos);
}

TEST_F(LogTest, NamesTheFileItCannotOpenAndTheLevelItDoesNotKnow) {
  try {
    configure({"info", false, folder_ + "/none/gw.log"});
    FAIL() << "opened a file in a folder that does not exist";
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find(folder_ + "/none/gw.log"), std::string::npos);
  }
  EXPECT_THROW(configure({"loud", false, file()}), std::runtime_error);
}

TEST_F(LogTest, PocosOwnMessagesTakeTheSameWay) {
  start("info", false);
  Poco::Logger::get("HTTPServer").error("handler failed");
  EXPECT_NE(written().find("error HTTPServer: handler failed"), std::string::npos);
}

TEST_F(LogTest, LinesOfManyThreadsAllArriveWhole) {
  start("info", false);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 250; ++i) info("t", "line", {{"t", t}, {"i", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string text = written();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
  EXPECT_EQ(droppedLines(), 0u);
}

TEST_F(LogTest, LinesAfterShutdownGoToStandardError) {
  start("info", false);
  log::shutdown();
  testing::internal::CaptureStderr();
  info("late", "goodbye");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("late: goodbye"), std::string::npos);
  EXPECT_EQ(droppedLines(), 0u);
}

// A channel whose disk is as slow as the test wants.
class GatedChannel final : public Poco::Channel {
 public:
  void log(const Poco::Message& message) override {
    std::unique_lock lock(mutex_);
    isBlocked_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return isOpen_; });
    if (message.getText().find("disk full") != std::string::npos) throw std::runtime_error("disk full");
    lines_.push_back(message.getText());
  }
  void waitBlocked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return isBlocked_; });
  }
  void openGate() {
    const std::lock_guard lock(mutex_);
    isOpen_ = true;
    changed_.notify_all();
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool isBlocked_ = false;
  bool isOpen_ = false;
  std::vector<std::string> lines_;
};

Line lineOf(const std::string& text) { return Line("area", text, Poco::Message::PRIO_INFORMATION); }

TEST(LogSink, NeverBlocksAndSaysHowManyLinesWereLost) {
  Poco::AutoPtr<GatedChannel> gate(new GatedChannel);
  auto sink = std::make_unique<Sink>(gate, formatText);
  sink->push(lineOf("first"));
  gate->waitBlocked();
  for (size_t i = 0; i < kQueueLimit + 5; ++i) sink->push(lineOf("more"));
  EXPECT_EQ(sink->dropped(), 5u);
  gate->openGate();
  sink.reset();  // writes what it holds
  const auto lines = gate->lines();
  ASSERT_EQ(lines.size(), kQueueLimit + 2);
  EXPECT_NE(lines.back().find("5 lines dropped"), std::string::npos);
}

TEST(LogSink, GoesOnWhenTheDiskIsFull) {
  Poco::AutoPtr<GatedChannel> gate(new GatedChannel);
  gate->openGate();
  Sink sink(gate, formatText);
  sink.push(lineOf("disk full"));
  sink.push(lineOf("after"));
  sink.flush(5000);
  EXPECT_EQ(sink.dropped(), 1u);
  ASSERT_GE(gate->lines().size(), 1u);
  EXPECT_NE(gate->lines()[0].find("after"), std::string::npos);
}

}  // namespace
}  // namespace gw::log
