#include "admin/admin_server.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "unit/host/admin/admin_fixture.h"

namespace gw::admin {
namespace {

using AdminServerTest = AdminFixture;

mode_t modeOf(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

TEST_F(AdminServerTest, KeepsTheSocketToItself) {
  options_.socketPath = folder_ + "/deep/state/admin.sock";
  start();
  EXPECT_EQ(modeOf(folder_ + "/deep/state"), 0700U);
  EXPECT_EQ(modeOf(options_.socketPath), 0600U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(options_.socketPath));
}

TEST_F(AdminServerTest, RefusesAFolderThatIsOpenToOthers) {
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  const auto started = AdminServer::start(options_, port_);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kForbidden);
  EXPECT_NE(started.error().message.find("chmod 0700 " + folder_), std::string::npos);
}

TEST_F(AdminServerTest, ClosesItsOwnFolderToOthers) {
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  options_.tightenFolder = true;
  start();
  EXPECT_EQ(modeOf(folder_), 0700U);
}

TEST_F(AdminServerTest, RefusesASecondHost) {
  start();
  const auto second = AdminServer::start(options_, port_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find("another gwhost is running"), std::string::npos);
  EXPECT_EQ(get("/v1/version").status, 200);  // the first one still serves
}

TEST_F(AdminServerTest, ReplacesADeadHostsSocket) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, options_.socketPath.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(fd);  // the file stays, nobody answers
  ASSERT_TRUE(std::filesystem::exists(options_.socketPath));
  start();
  EXPECT_EQ(get("/v1/version").status, 200);
}

TEST_F(AdminServerTest, LeavesAStrangersSocketAlone) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, options_.socketPath.c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  const auto started = AdminServer::start(options_, port_);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(std::filesystem::exists(options_.socketPath));
  ::close(fd);
}

TEST_F(AdminServerTest, LeavesAFileThatIsNoSocketAlone) {
  std::ofstream(options_.socketPath) << "precious";
  const auto started = AdminServer::start(options_, port_);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(std::filesystem::exists(options_.socketPath));
}

TEST_F(AdminServerTest, RefusesAPathThatNoSocketCanHave) {
  options_.socketPath = folder_ + "/" + std::string(120, 'x');
  const auto started = AdminServer::start(options_, port_);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kInvalid);
}

TEST_F(AdminServerTest, NeverListensBeyondLoopback) {
  options_.tcpEnabled = true;
  options_.tcpHost = "0.0.0.0";
  const auto started = AdminServer::start(options_, port_);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kForbidden);
  options_.tcpHost = "nonsense";
  EXPECT_EQ(AdminServer::start(options_, port_).error().code, ErrorCode::kUnavailable);
}

TEST_F(AdminServerTest, ReportsAPortInUse) {
  startWithTcp();
  AdminOptions second = options_;
  second.socketPath = folder_ + "/second.sock";
  second.tcpPort = server_->tcpPort();
  const auto started = AdminServer::start(second, port_);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(started.error().message.find("admin.tcp.port"), std::string::npos);
}

TEST_F(AdminServerTest, RefusesForeignHostsAndWebPages) {
  start();
  EXPECT_EQ(raw("GET /v1/version HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
  EXPECT_EQ(raw("GET /v1/version HTTP/1.1\r\n\r\n").status, 421);
  EXPECT_EQ(raw("GET /v1/version HTTP/1.1\r\nHost: [::1]:18781\r\n\r\n").status, 200);
  EXPECT_EQ(raw("GET /v1/version HTTP/1.1\r\nHost: localhost:1\r\n\r\n").status, 200);
  EXPECT_EQ(raw(httpText("GET", "/v1/version", {}, "Origin: http://localhost\r\n")).status, 403);
  EXPECT_EQ(raw(httpText("GET", "/v1/version", {}, "Origin: null\r\n")).status, 403);
}

TEST_F(AdminServerTest, SaysWhatAPathCanDo) {
  start();
  EXPECT_EQ(get("/v1/nothing").code(), "NO_SUCH_ROUTE");
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/v1/sessions//send").status, 404);
  const auto answer = raw(httpText("PATCH", "/v1/shutdown"));
  EXPECT_EQ(answer.status, 405);
  EXPECT_NE(answer.head.find("Allow: POST, DELETE"), std::string::npos);
  EXPECT_NE(answer.head.find("Cache-Control: no-store"), std::string::npos);
}

TEST_F(AdminServerTest, RefusesBodiesThatItCannotTrust) {
  start();
  const std::string path = "/v1/broadcast";
  EXPECT_EQ(post(path, "{broken").status, 400);
  EXPECT_EQ(post(path, "[1]").status, 400);
  EXPECT_EQ(post(path, R"({"text": 5})").status, 400);
  EXPECT_EQ(post(path, R"({"text": ""})").status, 400);
  EXPECT_EQ(post(path, R"({"text": "x", "volume": 11})").json()["error"]["message"], "unknown field \"volume\"");
  EXPECT_EQ(post("/v1/shutdown", R"({"inMs": -1})").status, 400);
  EXPECT_EQ(post(path, R"({"text": )" + std::string(100, '[') + std::string(100, ']') + "}").status, 400);
  EXPECT_EQ(raw("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                "Content-Length: 2\r\n\r\n{}")
                .status,
            415);
  EXPECT_EQ(raw("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 411);
  EXPECT_EQ(raw("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                "Content-Length: 2\r\n\r\n0\r\n\r\n")
                .status,
            411);
  EXPECT_EQ(raw("POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: 1048577\r\n\r\n")
                .status,
            413);
  EXPECT_TRUE(port_.notes().empty());
}

TEST_F(AdminServerTest, AnswersAnUnfinishedBody) {
  start();
  const int fd = connectUnix(options_.socketPath);
  const std::string head =
      "POST /v1/broadcast HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 10\r\n\r\n{";
  ASSERT_EQ(::send(fd, head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
  ASSERT_EQ(::shutdown(fd, SHUT_WR), 0);
  EXPECT_EQ(exchange(fd, "").status, 408);
}

TEST_F(AdminServerTest, StopsWhileARequestIsAnswered) {
  start();
  std::mutex mutex;
  std::condition_variable changed;
  bool isInside = false;
  bool mayLeave = false;
  port_.onAct = [&] {
    std::unique_lock lock(mutex);
    isInside = true;
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds(10), [&] { return mayLeave; });
  };
  ProbeAnswer answer;
  std::thread client([&] { answer = post("/v1/sessions/sess-1/send", R"({"text": "x"})"); });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return isInside; }));
  }
  std::thread stopper([&] { server_->stop(); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {  // until new clients are refused: the stop has begun
    const int fd = connectUnix(options_.socketPath);
    if (fd < 0) break;
    ::close(fd);
  }
  {
    const std::lock_guard lock(mutex);
    mayLeave = true;
    changed.notify_all();
  }
  stopper.join();
  client.join();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(std::filesystem::exists(options_.socketPath));
  server_->stop();  // again: nothing happens
}

TEST_F(AdminServerTest, StopsAlthoughAPeerSaysNothing) {
  start();
  const int silent = connectUnix(options_.socketPath);
  ASSERT_GE(silent, 0);
  EXPECT_EQ(get("/v1/version").status, 200);  // the silent one has been accepted before this one
  const auto begun = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
  ::close(silent);
}

}  // namespace
}  // namespace gw::admin
