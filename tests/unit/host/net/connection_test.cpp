#include "net/connection.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "net/peer_address.h"
#include "unit/host/net/net_test.h"

namespace gw::net {
namespace {

using test::Peer;
using test::RecordingHandler;
using test::tcpPair;
using test::Wire;

TEST(Connection, IsSmallWhenIdle) { EXPECT_LE(sizeof(Connection), 400u); }

TEST(Connection, DeliversInputAndKeepsWhatWasNotConsumed) {
  Wire wire;
  std::vector<std::string> offers;
  wire.handler.consume = [&](Connection&, std::string_view bytes) {
    offers.emplace_back(bytes);
    const size_t line = bytes.find('\n');
    return line == std::string_view::npos ? 0 : line + 1;
  };
  wire.peer.write("par");
  ASSERT_TRUE(wire.until([&] { return offers.size() == 1; }));
  EXPECT_EQ(wire.connection->unreadBytes(), 3u);
  wire.peer.write("tial\nmore");
  ASSERT_TRUE(wire.until([&] { return offers.size() == 2; }));
  EXPECT_EQ(offers[1], "partial\nmore");
  EXPECT_EQ(wire.connection->unreadBytes(), 4u);
  EXPECT_EQ(wire.connection->readBytes(), 12u);
}

TEST(Connection, KickOffersUnreadInputToTheNewHandlerOnce) {
  Wire wire;
  RecordingHandler next;
  wire.handler.consume = [&](Connection& connection, std::string_view) -> size_t {
    connection.setHandler(next);
    connection.kick();
    return 4;
  };
  wire.peer.write("headrest");
  ASSERT_TRUE(wire.until([&] { return next.byteCalls > 0; }));
  EXPECT_EQ(next.input, "rest");
  wire.loop.runOnce(0);
  EXPECT_EQ(next.byteCalls, 1);
}

TEST(Connection, ANewHandlerLearnsOfAnEofThatTheOldOneSaw) {
  Wire wire;
  RecordingHandler next;
  wire.peer.finish();
  ASSERT_TRUE(wire.until([&] { return wire.handler.eofs == 1; }));
  wire.connection->setHandler(next);
  wire.connection->kick();
  ASSERT_TRUE(wire.until([&] { return next.eofs == 1; }));
  EXPECT_EQ(wire.handler.eofs, 1);
}

TEST(Connection, PausesReadingAtTheBoundOfUnreadInput) {
  ConnectionLimits limits;
  limits.unreadBytes = 1000;
  Wire wire(limits);
  bool refuse = true;
  wire.handler.consume = [&](Connection&, std::string_view bytes) -> size_t {
    if (refuse) return 0;
    wire.handler.input.append(bytes);
    return bytes.size();
  };
  const std::string sent(5000, 'x');
  wire.peer.write(sent);
  ASSERT_TRUE(wire.until([&] { return wire.connection->unreadBytes() == 1000; }));
  const int calls = wire.handler.byteCalls;
  for (int i = 0; i < 5; ++i) wire.loop.runOnce(0);
  EXPECT_EQ(wire.handler.byteCalls, calls) << "reading went on above the bound";
  refuse = false;
  wire.connection->kick();
  ASSERT_TRUE(wire.until([&] { return wire.handler.input.size() == 5000; }));
}

TEST(Connection, PausedReadingDeliversNothingAndResumeOffersWhatWasLeft) {
  Wire wire;
  wire.handler.consume = [&](Connection& connection, std::string_view bytes) -> size_t {
    wire.handler.input.append(bytes.substr(0, 1));
    connection.pauseReading();
    return 1;
  };
  wire.peer.write("abc");
  wire.peer.finish();
  ASSERT_TRUE(wire.until([&] { return wire.handler.byteCalls == 1; }));
  for (int i = 0; i < 3; ++i) wire.loop.runOnce(0);
  EXPECT_EQ(wire.handler.byteCalls, 1);
  EXPECT_EQ(wire.handler.eofs, 0);
  wire.connection->kick();  // not while paused
  wire.loop.runOnce(0);
  EXPECT_EQ(wire.handler.byteCalls, 1);
  wire.handler.consume = nullptr;
  wire.connection->resumeReading();
  ASSERT_TRUE(wire.until([&] { return wire.handler.eofs == 1; }));
  EXPECT_EQ(wire.handler.input, "abc");
}

TEST(Connection, SendsATurnsUnitsTogetherAndInOrder) {
  Wire wire;
  const SharedBytes body(std::string(3000, 'b'));
  wire.connection->send("one ");
  wire.connection->sendUnit("<", body, ">");
  wire.connection->send(" two");
  EXPECT_EQ(wire.connection->queuedBytes(), 3010u);
  wire.loop.runOnce(0);
  EXPECT_EQ(wire.connection->queuedBytes(), 0u);
  EXPECT_EQ(wire.connection->writtenBytes(), 3010u);
  EXPECT_EQ(wire.peer.readExactly(3010), "one <" + std::string(3000, 'b') + "> two");
}

TEST(Connection, HalfClosedPeerStillGetsItsAnswer) {
  Wire wire;
  wire.peer.write("question");
  wire.peer.finish();
  ASSERT_TRUE(wire.until([&] { return wire.handler.eofs == 1; }));
  EXPECT_EQ(wire.handler.input, "question");
  wire.connection->send("answer");
  wire.connection->close(1000);
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kLocal);
  EXPECT_EQ(wire.peer.readToEof(), "answer");
}

TEST(Connection, CloseDeliversTheGoodbyeThoughInputIsUnread) {
  Wire wire;
  wire.peer.write(std::string(200'000, 'x'));  // would turn close() into a reset
  wire.connection->send("goodbye");
  wire.connection->close(5000);
  std::string got;
  ASSERT_TRUE(wire.until([&] {
    got += wire.peer.readSome();
    return wire.peer.sawEof();
  }));
  EXPECT_EQ(got, "goodbye");
  EXPECT_EQ(wire.handler.byteCalls, 0);
  EXPECT_EQ(wire.handler.closes, 0) << "the peer's FIN is still missing";
  wire.peer.close();
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kLocal);
  EXPECT_EQ(wire.handler.eofs, 0);
}

TEST(Connection, CloseEndsWithTheGraceWhenThePeerKeepsItsEndOpen) {
  Wire wire;
  wire.connection->close(20);
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kLocal);
}

TEST(Connection, CloseReportsATimeoutIfOutputWasLeftAtTheEndOfTheGrace) {
  Wire wire({}, 4096);
  wire.connection->send(std::string(3 << 20, 'x'));
  wire.connection->close(30);
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kTimeout);
}

TEST(Connection, ClosingAgainShortensTheGrace) {
  Wire wire;
  wire.connection->close(60'000);
  wire.loop.runOnce(0);
  EXPECT_TRUE(wire.connection->isClosing());
  wire.connection->close(10);
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
}

TEST(Connection, IgnoresSendsAfterClose) {
  Wire wire;
  wire.connection->close(50);
  wire.connection->send("late");
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.peer.readToEof(), "");
}

TEST(Connection, ReportsAResetByThePeerOnce) {
  Wire wire;
  wire.peer.reset();
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kPeer);
  for (int i = 0; i < 3; ++i) wire.loop.runOnce(0);
  EXPECT_EQ(wire.handler.closes, 1);
}

TEST(Connection, AResetWhileReadingIsPausedEndsItInsteadOfSpinning) {
  Wire wire;
  wire.connection->pauseReading();
  wire.peer.reset();
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kPeer);
}

TEST(Connection, WritingToAResetPeerEndsIt) {
  Wire wire;
  wire.connection->pauseReading();
  wire.peer.reset();
  wire.connection->send("x");
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kPeer);
}

TEST(Connection, TellsOfWritabilityBelowTheLowMarkOnlyAfterTheSoftLimit) {
  ConnectionLimits limits;
  limits.softBytes = 400'000;
  limits.lowBytes = 100'000;
  Wire wire(limits, 4096);
  wire.connection->send(std::string(300'000, 'x'));
  EXPECT_FALSE(wire.connection->isAboveSoft());
  wire.connection->send(std::string(300'000, 'y'));
  EXPECT_TRUE(wire.connection->isAboveSoft());
  size_t got = 0;
  size_t queuedWhenTold = SIZE_MAX;
  ASSERT_TRUE(wire.until([&] {
    got += wire.peer.readSome(20'000).size();
    if (wire.handler.writables == 1 && queuedWhenTold == SIZE_MAX) queuedWhenTold = wire.connection->queuedBytes();
    return got == 600'000;
  }));
  EXPECT_EQ(wire.handler.writables, 1);
  EXPECT_LT(queuedWhenTold, 100'000u);
}

TEST(Connection, IsCutAsSlowAboveTheHardLimit) {
  ConnectionLimits limits;
  limits.hardBytes = 100'000;
  limits.softBytes = 50'000;
  Wire wire(limits, 4096);
  for (int i = 0; i < 100 && wire.handler.closes == 0; ++i) {
    wire.connection->send(std::string(20'000, 'x'));
    wire.loop.runOnce(0);
    ASSERT_LE(wire.connection->queuedBytes(), 200'000u);
  }
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kSlow);
  EXPECT_EQ(wire.connection->queuedBytes(), 0u);
}

TEST(Connection, AQueueThatOneTurnGrowsWithoutEndIsCutAtTwiceTheHardLimit) {
  ConnectionLimits limits;
  limits.hardBytes = 100'000;
  limits.softBytes = 50'000;
  Wire wire(limits);
  for (int i = 0; i < 30; ++i) wire.connection->send(std::string(10'000, 'x'));
  EXPECT_TRUE(wire.connection->isClosing());
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kSlow);
}

TEST(Connection, IsCutAsSlowWithoutProgress) {
  ConnectionLimits limits;
  limits.stallMs = 40;
  Wire wire(limits, 4096);
  wire.connection->send(std::string(1 << 20, 'x'));
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kSlow);
  EXPECT_EQ(wire.handler.error, "no write progress");
}

TEST(Connection, ASlowReaderThatKeepsReadingIsNotCut) {
  using Clock = std::chrono::steady_clock;
  ConnectionLimits limits;
  limits.stallMs = 150;
  Wire wire(limits, 4096);
  wire.connection->send(std::string(2'000'000, 'x'));
  const auto start = Clock::now();
  auto lastRead = start;
  Clock::duration longestGap{};  // a machine so busy that the reader itself stalls proves nothing
  while (Clock::now() - start < std::chrono::milliseconds(600)) {
    wire.peer.readSome(4'000);
    longestGap = std::max(longestGap, Clock::now() - lastRead);
    lastRead = Clock::now();
    wire.loop.runOnce(10);
  }
  if (wire.handler.closes > 0 && longestGap > std::chrono::milliseconds(100)) GTEST_SKIP() << "the machine was busy";
  EXPECT_GT(wire.connection->queuedBytes(), 0u) << "the reader was not slow; the test shows nothing";
  EXPECT_EQ(wire.handler.closes, 0);
}

TEST(Connection, MovesToAnotherLoopWithQueueUnreadInputAndCounts) {
  ConnectionLimits limits;
  EventLoop first, second(1);
  RecordingHandler handler;
  const auto [server, client] = tcpPair();
  Peer peer(client);
  auto connection = std::make_unique<Connection>(first, server, PeerAddress{}, limits, nullptr);
  handler.consume = [](Connection&, std::string_view) { return size_t{0}; };
  connection->start(handler);
  peer.write("unread");
  ASSERT_TRUE(test::turnUntil(first, [&] { return connection->unreadBytes() == 6; }));
  connection->send("queued");
  connection->detach();
  first.runOnce(0);
  EXPECT_EQ(connection->queuedBytes(), 6u);

  handler.consume = nullptr;
  second.start();
  std::promise<std::string> input;
  second.post([&] {
    connection->adopt(second);
    EXPECT_EQ(&connection->loop(), &second);
    connection->kick();
    second.atTurnEnd([&] { second.post([&] { input.set_value(handler.input); }); });
  });
  EXPECT_EQ(input.get_future().get(), "unread");
  EXPECT_EQ(peer.readExactly(6), "queued");
  std::promise<void> closed;
  handler.atClose = [&](Connection&) {
    second.deleteLater(std::move(connection));
    second.post([&] { closed.set_value(); });
  };
  peer.close();
  second.post([&] { connection->close(1000); });
  closed.get_future().get();
}

TEST(Connection, KeepsItsGoodbyeDeadlineAcrossAMove) {
  EventLoop second;
  Wire wire;
  wire.connection->close(50);
  wire.loop.runOnce(0);
  wire.connection->detach();
  wire.connection->adopt(second);
  EXPECT_TRUE(test::turnUntil(second, [&] { return wire.handler.closes == 1; }));
  wire.connection.reset();
}

TEST(Connection, ADetachedConnectionMayBeDropped) {
  Wire wire;
  wire.connection->send("never sent");
  wire.connection->detach();
  wire.connection.reset();
  wire.loop.runOnce(0);
  EXPECT_EQ(wire.peer.readToEof(), "");
}

TEST(Connection, CountsWhatTheKernelStillHolds) {
  Wire wire({}, 4096);
  EXPECT_EQ(wire.connection->unsentInKernel(), 0u);
  wire.connection->send(std::string(500'000, 'x'));
  wire.loop.runOnce(0);
  EXPECT_GT(wire.connection->unsentInKernel(), 0u);
  EXPECT_EQ(wire.connection->writtenBytes() + wire.connection->queuedBytes(), 500'000u);
}

TEST(Connection, KnowsWhatThePeersKernelHasAcknowledged) {
  Wire wire;
  wire.connection->send("twelve bytes");
  EXPECT_EQ(wire.connection->sentBytes(), 12u);
  EXPECT_EQ(wire.connection->acknowledgedBytes(), 0u) << "it is still in the queue";
  wire.loop.runOnce(0);
  EXPECT_TRUE(wire.until([&] { return wire.connection->acknowledgedBytes() == 12; }));
}

/// A peer that has stopped reading and lost its network: what it has is what will ever have arrived.
struct StalledWire : Wire {
  StalledWire() : Wire({}, 4096) {
    connection->send(std::string(500'000, 'x'));
    until([&] { return connection->queuedBytes() > 0 && connection->acknowledgedBytes() > 0; });
    peer.goDeaf();
    for (std::string more; !(more = peer.readSome()).empty();) arrived += more.size();
    // The acknowledgement of the last bytes may have been delayed.
    isSettled = until([&] { return connection->acknowledgedBytes() == arrived; });
  }
  size_t arrived = 0;
  bool isSettled = false;
};

TEST(Connection, WhatAStoppedReaderHasNotTakenIsNotAcknowledged) {
  StalledWire wire;
  ASSERT_TRUE(wire.isSettled);
  EXPECT_GT(wire.arrived, 0u);
  EXPECT_LT(wire.arrived, wire.connection->writtenBytes());
}

TEST(Connection, AResetChangesNothingAboutWhatWasAcknowledged) {
  StalledWire wire;
  ASSERT_TRUE(wire.isSettled);
  uint64_t atClose = 0;
  wire.handler.atClose = [&](Connection& connection) { atClose = connection.acknowledgedBytes(); };
  wire.peer.reset();
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(wire.handler.cause, CloseCause::kPeer);
  EXPECT_EQ(atClose, wire.arrived);
}

TEST(Connection, AfterAResetAllThatHadArrivedIsAcknowledged) {
  Wire wire;
  wire.connection->send("twelve bytes");
  wire.loop.runOnce(0);
  EXPECT_EQ(wire.peer.readExactly(12).size(), 12u);
  uint64_t atClose = 0;
  wire.handler.atClose = [&](Connection& connection) { atClose = connection.acknowledgedBytes(); };
  wire.peer.reset();
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(atClose, 12u);
}

TEST(Connection, AfterTheGoodbyeAllOfItIsAcknowledged) {
  Wire wire;
  wire.connection->send("twelve bytes");
  uint64_t atClose = 0;
  wire.handler.atClose = [&](Connection& connection) { atClose = connection.acknowledgedBytes(); };
  wire.connection->close(5000);
  wire.loop.runOnce(0);
  EXPECT_EQ(wire.peer.readToEof(), "twelve bytes");
  wire.peer.close();
  ASSERT_TRUE(wire.until([&] { return wire.handler.closes == 1; }));
  EXPECT_EQ(atClose, 12u);
}

TEST(Connection, SharesOneReadOfATurnFairly) {
  Wire wire;
  wire.peer.write(std::string(150'000, 'x'));
  size_t largest = 0;
  wire.handler.consume = [&](Connection&, std::string_view bytes) {
    largest = std::max(largest, bytes.size());
    wire.handler.input.append(bytes);
    return bytes.size();
  };
  ASSERT_TRUE(wire.until([&] { return wire.handler.input.size() == 150'000; }));
  EXPECT_LE(largest, 65536u);
  EXPECT_GE(wire.handler.byteCalls, 3);
}

TEST(PeerAddress, ShowsAndCountsAddresses) {
  EXPECT_EQ((PeerAddress{"203.0.113.9", 80}).toString(), "203.0.113.9:80");
  EXPECT_EQ((PeerAddress{"2001:db8::1", 80}).toString(), "[2001:db8::1]:80");
  EXPECT_EQ((PeerAddress{"203.0.113.9", 80}).limitKey(), "203.0.113.9");
  EXPECT_EQ((PeerAddress{"2001:db8:1:2:3:4:5:6", 80}).limitKey(), "2001:db8:1:2::/64");
}

TEST(PeerAddress, ShowsMappedAddressesAsIpv4AndNothingForOtherFamilies) {
  auto shown = [](const char* text) {
    sockaddr_storage storage{};
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(4000);
    EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return peerAddressOf(storage).toString();
  };
  EXPECT_EQ(shown("::ffff:203.0.113.9"), "203.0.113.9:4000");
  EXPECT_EQ(shown("2001:db8::1"), "[2001:db8::1]:4000");
  sockaddr_storage unixSocket{};
  unixSocket.ss_family = AF_UNIX;
  EXPECT_EQ(peerAddressOf(unixSocket).ip, "");
}

TEST(Connection, KnowsItsLocalAddress) {
  Wire wire;
  EXPECT_EQ(wire.connection->local().ip, "127.0.0.1");
  EXPECT_NE(wire.connection->local().port, 0);
  EXPECT_EQ(wire.connection->peer().toString(), "127.0.0.1:1");
  EXPECT_FALSE(wire.connection->isTls());
}

}  // namespace
}  // namespace gw::net
