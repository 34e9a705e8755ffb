// Blocking work of real streams: channel "worker" (tests/data/plugins/worker.cpp) on two loops, over socket pairs.

#include "plugin/stream_work.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>

#include "plugin/generation_ledger.h"
#include "plugin/host_api.h"
#include "plugin/migration.h"
#include "plugin/stream_host.h"
#include "support/deadline.h"
#include "unit/host/net/net_test.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::plugin {
namespace {

using net::test::Peer;
using test::waitUntil;
using ::testing::StartsWith;

/// The session side: everybody may come in, nobody plays.
class OpenDoor final : public InputPort {
 public:
  const char* admit(const net::PeerAddress&, bool) override { return nullptr; }
  void opened(Stream& stream) override { lastOpened = stream.id(); }
  void closed(Stream&, uint32_t) override { ++closes; }
  void writable(Stream&) override {}
  gw_status hello(Stream&, uint64_t, const gw_hello&) override { return GW_E_STATE; }
  gw_status submit(Stream&, uint64_t, const gw_input&) override { return GW_E_STATE; }
  gw_status frame(Stream&, std::string_view) override { return GW_E_STATE; }
  void ack(Stream&, uint64_t, uint64_t) override {}
  gw_status charge(Stream&, uint32_t) override { return GW_OK; }
  gw_status signIn(Stream&, const gw_sign_in&) override { return GW_E_STATE; }
  gw_status bindRequest(std::shared_ptr<Request>, uint32_t, std::string_view, uint64_t, uint64_t, uint64_t) override {
    return GW_E_STATE;
  }
  gw_status frameRequest(std::shared_ptr<Request>, std::string_view, std::string_view, uint64_t) override {
    return GW_E_STATE;
  }

  std::atomic<uint64_t> lastOpened{0};
  std::atomic<int> closes{0};
};

class StreamWorkTest : public ::testing::Test {
 protected:
  StreamWorkTest() {
    std::vector<net::EventLoop*> pointers;
    for (int i = 0; i < 2; ++i) {
      loops_.push_back(std::make_unique<net::EventLoop>(i));
      pointers.push_back(loops_.back().get());
    }
    hosts_ = std::make_unique<StreamHosts>(pointers, net::ConnectionLimits{}, systemClock());
    for (size_t i = 0; i < loops_.size(); ++i) hosts_->at(i).setPort(door_);
    for (auto& loop : loops_) loop->start();
    one_ = load("worker_one", 1);
  }
  ~StreamWorkTest() override {
    if (hosts_) end();
    gates_.clear();
  }
  /// As the gateway stops.
  void end() {
    hosts_->closeEverything(GW_CLOSE_SHUTDOWN, "", 0);
    hosts_->stopWork(20'000);
    for (auto& loop : loops_) loop->stop();
    for (auto& loop : loops_) loop->join();
    hosts_.reset();
  }

  std::shared_ptr<Instance> load(const std::string& build, uint64_t number) {
    auto generation = Generation::load(folder_.place(build), folder_.copies(), number, hostTable());
    if (!generation) throw std::runtime_error(generation.error().message);
    auto instance = Instance::create(*generation, "worker:default", "{}",
                                     one_ ? one_->sharedTotals() : std::make_shared<AccountTotals>());
    if (!instance) throw std::runtime_error(instance.error().message);
    return *instance;
  }
  const WorkTotals& totals() { return one_->totals().work; }

  struct Client {
    Peer peer;
    uint64_t id = 0;
    void ask(const std::string& line) { peer.write(line + "\n"); }
    std::string answer() {
      std::string line;
      for (std::string byte; (byte = peer.readExactly(1)) != "\n" && !byte.empty();) line += byte;
      return line;
    }
  };
  Client connect() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    Client client{Peer(ends[1]), 0};
    onLoop(0, [&] {
      hosts_->onSocket(*loops_[0], one_, traits_, ends[0], {"127.0.0.1", 1}, nullptr);
      client.id = door_.lastOpened;
    });
    return client;
  }
  void onLoop(size_t loop, std::function<void()> work) {
    std::promise<void> done;
    loops_[loop]->post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  bool isOn(size_t loop, const Client& client) {
    bool found = false;
    onLoop(loop, [&] { found = hosts_->at(loop).find(client.id) != nullptr; });
    return found;
  }
  void move(const Client& client) {
    onLoop(0, [&] { hosts_->at(0).move(*hosts_->at(0).find(client.id), hosts_->at(1), [](Stream&) {}); });
  }
  MigrationFigures migrate(std::shared_ptr<Instance> to) {
    const auto migration = hosts_->migrate(one_, std::move(to), {});
    EXPECT_TRUE(migration->wait(60'000));
    return migration->figures();
  }

  /// A file that is read until somebody has written it: a job that reads it runs until release().
  class Fifo {
   public:
    explicit Fifo(std::string file) : path(std::move(file)) { EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0); }
    ~Fifo() {
      if (fd_ >= 0) ::close(fd_);
    }
    /// Returns once a job has it open.
    void awaitReader() {
      waitUntil("a job reads " + path,
                [this] { return (fd_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0; });
    }
    void release(std::string_view text) {
      EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
      ::close(std::exchange(fd_, -1));
    }
    const std::string path;

   private:
    int fd_ = -1;
  };
  Fifo& fifo(const std::string& name) {
    gates_.push_back(std::make_unique<Fifo>(folder_.root() + "/" + name));
    return *gates_.back();
  }

  test::PluginFolder folder_;
  OpenDoor door_;
  std::vector<std::unique_ptr<Fifo>> gates_;
  std::vector<std::unique_ptr<net::EventLoop>> loops_;
  std::shared_ptr<const AccountTraits> traits_ = std::make_shared<AccountTraits>();
  std::unique_ptr<StreamHosts> hosts_;
  std::shared_ptr<Instance> one_;
};

TEST_F(StreamWorkTest, AnswersInATurnOfTheConnection) {
  Client client = connect();
  Fifo& file = fifo("a");
  client.ask("read 60000 " + file.path);
  file.awaitReader();
  EXPECT_EQ(one_->generation().pendingWork(), 1u);
  EXPECT_EQ(totals().pending, 1u);
  file.release("words");
  EXPECT_EQ(client.answer(), "1.0.0 1 1 0 words");
  EXPECT_EQ(one_->generation().pendingWork(), 0u);
  EXPECT_EQ(totals().answered, 1u);
  EXPECT_EQ(totals().pending, 0u);
}

TEST_F(StreamWorkTest, TellsOfFailuresAndOfResultsThatAreTooLong) {
  Client client = connect();
  client.ask("throw 60000 x");
  EXPECT_EQ(client.answer(), "1.0.0 1 3 -8 ");
  client.ask("fill 60000 65536");
  EXPECT_EQ(client.answer(), "1.0.0 2 1 0 65536 bytes");
  client.ask("fill 60000 65537");
  EXPECT_EQ(client.answer(), "1.0.0 3 1 -7 65536 bytes");
  EXPECT_EQ(totals().failed, 1u);
  EXPECT_EQ(totals().answered, 2u);
}

TEST_F(StreamWorkTest, RefusesOrdersThatAreNotSound) {
  Client client = connect();
  client.ask("read 0 /");
  EXPECT_EQ(client.answer(), "1.0.0 refused -2");
  client.ask("read 60001 /");
  EXPECT_EQ(client.answer(), "1.0.0 refused -2");
  EXPECT_EQ(totals().started, 0u);
}

TEST_F(StreamWorkTest, AConnectionHasAtMostFourUnanswered) {
  Client client = connect();
  Fifo& first = fifo("a");
  Fifo& second = fifo("b");
  client.ask("read 60000 " + first.path);
  client.ask("read 60000 " + second.path);
  first.awaitReader();
  second.awaitReader();
  client.ask("fill 60000 1");  // the account's part of the threads is taken
  client.ask("fill 60000 1");
  client.ask("fill 60000 1");
  EXPECT_EQ(client.answer(), "1.0.0 refused -1");
  EXPECT_EQ(totals().refused, 1u);
  second.release("second");
  EXPECT_EQ(client.answer(), "1.0.0 2 1 0 second");
  first.release("first");
  std::vector<std::string> others{client.answer(), client.answer(), client.answer()};
  std::sort(others.begin(), others.end());
  EXPECT_EQ(others[0], "1.0.0 1 1 0 first");
  client.ask("fill 60000 1");
  EXPECT_THAT(client.answer(), StartsWith("1.0.0 6 1 0"));
}

TEST_F(StreamWorkTest, TheAnswerFollowsToAnotherLoop) {
  Client client = connect();
  Fifo& file = fifo("a");
  client.ask("read 60000 " + file.path);
  file.awaitReader();
  move(client);
  waitUntil("it has moved", [&] { return isOn(1, client); });
  file.release("here");
  EXPECT_EQ(client.answer(), "1.0.0 1 1 0 here");
  EXPECT_EQ(totals().answered, 1u);
}

TEST_F(StreamWorkTest, AnAnswerThatComesBetweenTwoLoopsIsTold) {
  Client client = connect();
  Fifo& file = fifo("a");
  client.ask("read 60000 " + file.path);
  file.awaitReader();
  // The stream has left loop 0 and cannot arrive, because loop 1 is held up until the job has returned.
  std::promise<void> busy, free;
  loops_[1]->post([&] {
    busy.set_value();
    free.get_future().wait();
  });
  busy.get_future().wait();
  move(client);
  waitUntil("it has left", [&] { return !isOn(0, client); });
  file.release("on the way");
  waitUntil("the job has returned", [&] { return one_->generation().pendingWork() == 0; });
  free.set_value();
  EXPECT_EQ(client.answer(), "1.0.0 1 1 0 on the way");
}

TEST_F(StreamWorkTest, TheAnswerFollowsToAnotherGenerationAndTheOldOneIsHeldUntilThen) {
  Client client = connect();
  Fifo& file = fifo("a");
  client.ask("read 60000 " + file.path);
  file.awaitReader();
  const auto two = load("worker_two", 2);
  EXPECT_EQ(migrate(two).moved, 1u);
  const uint64_t former = one_->generation().serial();
  const std::string copy = one_->generation().copy();
  const auto totals = one_->sharedTotals();
  one_.reset();
  EXPECT_FALSE(GenerationLedger::ofProcess().await(former, 0).has_value());
  EXPECT_TRUE(test::isMapped(copy));
  file.release("for the new one");
  EXPECT_EQ(client.answer(), "2.0.0 1 1 0 for the new one");
  EXPECT_EQ(GenerationLedger::ofProcess().await(former, 60'000), LibraryEnd::kUnloaded);
  EXPECT_FALSE(test::isMapped(copy));
  EXPECT_EQ(totals->work.answered, 1u);
  one_ = two;
}

TEST_F(StreamWorkTest, AGenerationThatIsDeafHearsNothingAndMayStartNothing) {
  Client client = connect();
  Fifo& file = fifo("a");
  client.ask("read 60000 " + file.path);
  file.awaitReader();
  const auto deaf = load("worker_deaf", 2);
  EXPECT_EQ(migrate(deaf).moved, 1u);
  file.release("unheard");
  waitUntil("it was dropped", [&] { return totals().dropped == 1; });
  client.ask("fill 60000 1");
  EXPECT_EQ(client.answer(), "3.0.0 refused -5");
}

TEST_F(StreamWorkTest, WhatAClosedConnectionAskedForIsDroppedAndTold) {
  Client client = connect();
  Fifo& file = fifo("a");
  const std::string trace = folder_.root() + "/unwanted";
  client.ask("read 60000 " + file.path);
  client.ask("until 60000 " + trace);
  file.awaitReader();
  // One that still waits for its thread would never run.
  waitUntil("both are under way", [&] { return std::filesystem::exists(trace + ".begun"); });
  client.peer.close();
  waitUntil("the job was told", [&] { return std::filesystem::exists(trace); });
  waitUntil("both are dropped", [&] { return totals().dropped == 2; });
  EXPECT_EQ(totals().pending, 0u);
  file.release("to nobody");
  waitUntil("both have returned", [&] { return one_->generation().pendingWork() == 0; });
  EXPECT_EQ(totals().answered, 0u);
}

TEST_F(StreamWorkTest, AJobThatMissesItsDeadlineIsAnsweredOnceAndHoldsItsGeneration) {
  Client client = connect();
  Fifo& file = fifo("a");
  uint64_t token = 0;
  for (int deadlineMs = 50; totals().stuck == 0 && deadlineMs < 60'000; deadlineMs *= 4) {
    client.ask("read " + std::to_string(deadlineMs) + " " + file.path);
    EXPECT_EQ(client.answer(), "1.0.0 " + std::to_string(++token) + " 2 -7 ");
  }
  EXPECT_EQ(totals().stuck, 1u);
  EXPECT_EQ(totals().overdue, token);
  EXPECT_EQ(one_->generation().pendingWork(), 1u);
  client.ask("fill 60000 1");
  EXPECT_THAT(client.answer(), StartsWith("1.0.0 " + std::to_string(token + 1) + " 1 0"));
  file.awaitReader();
  file.release("too late");
  waitUntil("it has returned", [&] { return one_->generation().pendingWork() == 0; });
  client.ask("fill 60000 1");  // no other answer came in between
  EXPECT_THAT(client.answer(), StartsWith("1.0.0 " + std::to_string(token + 2) + " 1 0"));
  EXPECT_EQ(totals().stuck, 0u);
}

TEST_F(StreamWorkTest, AnInstanceIsDestroyedWhileItsWorkRuns) {
  Client client = connect();
  Fifo& file = fifo("a");
  client.ask("read 60000 " + file.path);
  file.awaitReader();
  const auto totals = one_->sharedTotals();
  const std::weak_ptr<Instance> gone = one_;
  const std::weak_ptr<Generation> held = one_->sharedGeneration();
  client.peer.close();
  EXPECT_EQ(hosts_->closeAll({one_}, {GW_CLOSE_SHUTDOWN, 60'000}), 0u);
  one_->stop();
  one_.reset();
  waitUntil("the instance is gone", [&] { return gone.expired(); });
  EXPECT_FALSE(held.expired());
  EXPECT_EQ(totals->work.dropped, 1u);
  file.release("to nobody");
  waitUntil("the generation is gone", [&] { return held.expired(); });
}

TEST_F(StreamWorkTest, AStopDoesNotWaitForAJobThatIsStuck) {
  Client client = connect();
  Fifo& file = fifo("a");
  for (int deadlineMs = 50; totals().stuck == 0 && deadlineMs < 60'000; deadlineMs *= 4) {
    client.ask("read " + std::to_string(deadlineMs) + " " + file.path);
    client.answer();
  }
  ASSERT_EQ(totals().stuck, 1u);
  const std::weak_ptr<Generation> held = one_->sharedGeneration();
  const uint64_t startedNs = systemClock().nowNs();
  end();
  EXPECT_LT(systemClock().nowNs() - startedNs, 15'000'000'000u);
  one_.reset();
  EXPECT_FALSE(held.expired());
  file.awaitReader();
  file.release("after the end");
}

TEST_F(StreamWorkTest, AStopOfLoopsWithAnswersUnderWayLeavesNothing) {
  std::vector<Client> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(connect());
  for (Client& client : clients)
    for (int i = 0; i < 4; ++i) client.ask("fill 60000 2000");
  waitUntil("some are answered", [&] { return totals().answered > 4; });
  end();
  EXPECT_EQ(totals().pending, 0u);
  EXPECT_EQ(totals().started, totals().answered + totals().dropped);
}

}  // namespace
}  // namespace gw::plugin
