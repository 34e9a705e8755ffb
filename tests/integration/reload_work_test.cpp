// Blocking work of the real process: across a reload, and when it never returns. Channel "worker" is made for it
// (tests/data/plugins/worker.cpp).

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class ReloadWork : public GatewayTest {
 protected:
  ReloadWork() {
    install("worker_one");
    const Json worker{{"channel", "worker"}, {"account", "default"}, {"listen", {{"bind", "127.0.0.1"}, {"port", 0}}}};
    launch(
        Json{{"loops", 2}, {"plugins", {{"dirs", {plugins_.path()}}}}, {"http", Json::array()}, {"accounts", {worker}}}
            .dump());
    EXPECT_EQ(::mkfifo(fifo_.c_str(), 0600), 0);
  }
  ~ReloadWork() override {
    if (writer_ >= 0) ::close(writer_);
  }
  void install(const std::string& build) {
    const std::string made = plugins_.file("made.so");
    std::filesystem::copy_file(testPlugin(build), made, std::filesystem::copy_options::overwrite_existing);
    ASSERT_EQ(::chmod(made.c_str(), 0755), 0);
    std::filesystem::rename(made, plugins_.file("worker.so"));
  }
  /// Returns once a job reads the FIFO, and waits there.
  void awaitReader() {
    waitUntil("the job runs", [this] { return (writer_ = ::open(fifo_.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; });
  }
  void release(std::string_view text) {
    ASSERT_EQ(::write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(std::exchange(writer_, -1));
  }
  Json generations() { return gateway().gwctlJson({"plugin", "generations"}).at("items"); }
  Json work() { return gateway().gwctlJson({"channel", "show", "worker:default"}).at("work"); }

  TempFolder plugins_;
  const std::string fifo_ = plugins_.file("fifo");
  int writer_ = -1;
};

TEST_F(ReloadWork, WhatWasAskedOfTheOldCodeIsAnsweredToTheNewAndHoldsTheOldUntilThen) {
  TelnetClient client(gateway().portOf("worker:default"));
  client.sendLine("read 60000 " + fifo_);
  awaitReader();
  install("worker_two");
  const Outcome done = gateway().gwctl({"plugin", "reload", "worker"});
  ASSERT_EQ(done.exit, 0) << done.err;
  const Json both = generations();
  ASSERT_EQ(both.size(), 2u) << both;
  const Json& former = both[0].at("version") == "1.0.0" ? both[0] : both[1];
  EXPECT_EQ(former.at("state"), "leaving") << both;
  EXPECT_EQ(former.at("connections"), 0) << both;
  EXPECT_EQ(former.at("work"), 1) << both;
  EXPECT_NE(gateway().gwctl({"channel", "show", "worker:default"}).out.find("1 pending"), std::string::npos);
  release("across the reload");
  client.expect("2.0.0 1 1 0 across the reload\n");
  waitUntil("the old generation is gone", [&] { return generations().size() == 1; });
  EXPECT_EQ(work().at("answered"), 1);
}

TEST_F(ReloadWork, AJobThatNeverReturnsHoldsUpNobodyAndNoStop) {
  TelnetClient client(gateway().portOf("worker:default"));
  for (int deadlineMs = 100; work().at("stuck") == 0 && deadlineMs < 60'000; deadlineMs *= 4) {
    client.sendLine("read " + std::to_string(deadlineMs) + " " + fifo_);
    client.expect(" 2 -7 \n");
  }
  EXPECT_EQ(work().at("stuck"), 1) << work();
  EXPECT_EQ(generations()[0].at("work"), 1);
  client.sendLine("fill 60000 1");
  client.expect("1024 bytes\n");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(gateway().stop(), 0) << gateway().log();
  expectStopped();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
  EXPECT_NE(gateway().log().find("left behind"), std::string::npos) << gateway().log();
}

}  // namespace
}  // namespace gw::test
