#include "net/listener.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <mutex>
#include <vector>

#include "unit/host/net/net_test.h"

namespace gw::net {
namespace {

using test::dial;
using test::Peer;

std::unique_ptr<Listener> bindLoopback() {
  auto bound = Listener::bind("test", {{"127.0.0.1"}, 0}, {});
  EXPECT_TRUE(bound.ok());
  return std::move(*bound);
}

TEST(Listener, NamesTheAddressOfAPortInUse) {
  auto first = bindLoopback();
  auto second = Listener::bind("main", {{"127.0.0.1"}, first->port()}, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(second.error().message,
            "listener main: 127.0.0.1:" + std::to_string(first->port()) + " is in use by another program");
}

TEST(Listener, RefusesWhatIsNoAddress) {
  EXPECT_EQ(Listener::bind("main", {{"localhost"}, 0}, {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Listener::bind("main", {{}, 0}, {}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Listener::bind("main", {{"203.0.113.77"}, 0}, {}).error().code, ErrorCode::kInvalid);
}

TEST(Listener, BindsAllHostsToTheSameFreePort) {
  auto bound = Listener::bind("main", {{"127.0.0.1", "127.0.0.2", "::1"}, 0}, {});
  ASSERT_TRUE(bound.ok()) << bound.error().message;
  EXPECT_NE((*bound)->port(), 0);
  EXPECT_EQ((*bound)->name(), "main");
  EXPECT_FALSE(Listener::bind("x", {{"127.0.0.2"}, (*bound)->port()}, {}).ok());
}

TEST(Listener, GivesAcceptedSocketsTheirOptionsAndThePeersAddress) {
  EventLoop loop;
  loop.start();
  auto listener = bindLoopback();
  std::promise<std::pair<int, PeerAddress>> accepted;
  listener->startAccepting({&loop}, [&](EventLoop& on, int fd, PeerAddress peer) {
    EXPECT_TRUE(on.isInLoop());
    accepted.set_value({fd, std::move(peer)});
  });
  Peer client = dial(listener->port());
  const auto [fd, peer] = accepted.get_future().get();
  EXPECT_EQ(peer.ip, "127.0.0.1");
  EXPECT_NE(peer.port, 0);
  EXPECT_TRUE((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  auto option = [fd = fd](int level, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    getsockopt(fd, level, name, &value, &length);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 60'000);
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_LE(option(SOL_SOCKET, SO_SNDBUF), 2 * 256 * 1024);
  listener->stopAccepting();
  close(fd);
}

TEST(Listener, LeavesTheBacklogToTheKernelWhileItDoesNotAccept) {
  EventLoop loop;
  loop.start();
  auto listener = bindLoopback();
  std::atomic<int> accepted{0};
  auto sink = [&](EventLoop&, int fd, PeerAddress) {
    ++accepted;
    close(fd);
  };
  Peer early = dial(listener->port());
  listener->startAccepting({&loop}, sink);
  EXPECT_EQ(early.readToEof(), "");  // closed by the sink
  EXPECT_EQ(accepted, 1);
  listener->stopAccepting();
  Peer waiting = dial(listener->port());
  listener->startAccepting({&loop}, sink);
  EXPECT_EQ(waiting.readToEof(), "");
  EXPECT_EQ(accepted, 2);
}

TEST(Listener, AcceptsOnSeveralLoopsEachConnectionOnce) {
  EventLoop first(0), second(1);
  first.start();
  second.start();
  auto listener = bindLoopback();
  std::atomic<int> accepted{0};
  listener->startAccepting({&first, &second}, [&](EventLoop&, int fd, PeerAddress) {
    ++accepted;
    close(fd);
  });
  for (int i = 0; i < 100; ++i) EXPECT_EQ(dial(listener->port()).readToEof(), "");
  listener->stopAccepting();
  EXPECT_EQ(accepted, 100);
  EXPECT_EQ(listener->acceptErrors(), 0u);
}

TEST(Listener, PausesWhenFileDescriptorsRunOutAndGoesOnAfterwards) {
  EventLoop loop;
  loop.start();
  auto listener = bindLoopback();
  std::promise<void> accepted;
  Peer client = dial(listener->port());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // The lowest free descriptor becomes the limit: nothing more can be opened.
  const int lowest = dup(0);
  close(lowest);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  listener->startAccepting({&loop}, [&](EventLoop&, int fd, PeerAddress) {
    close(fd);
    accepted.set_value();
  });
  const auto start = std::chrono::steady_clock::now();
  while (listener->acceptErrors() == 0 && std::chrono::steady_clock::now() < start + std::chrono::seconds(20))
    std::this_thread::yield();
  const uint64_t errors = listener->acceptErrors();
  const auto elapsed = std::chrono::steady_clock::now() - start;
  setrlimit(RLIMIT_NOFILE, &before);
  // One try in each pause of 100 ms, however late this thread comes to look.
  EXPECT_GE(errors, 1u);
  EXPECT_LE(errors, 1u + static_cast<uint64_t>(elapsed / std::chrono::milliseconds(100))) << "it did not pause";
  EXPECT_EQ(accepted.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  listener->stopAccepting();
}

}  // namespace
}  // namespace gw::net
