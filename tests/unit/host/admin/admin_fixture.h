#pragma once
// A real AdminServer on a Unix socket in a folder of its own, in front of a FakeGatewayPort.

#include <gtest/gtest.h>

#include <filesystem>

#include "admin/admin_server.h"
#include "unit/host/admin/fake_gateway_port.h"
#include "unit/host/admin/http_probe.h"

namespace gw::admin {

class AdminFixture : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gw-admin-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    options_.socketPath = folder_ + "/admin.sock";
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    auto started = AdminServer::start(options_, port_);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(*started);
  }
  void startWithTcp() {
    options_.tcpEnabled = true;
    options_.tcpPort = 0;
    start();
  }

  ProbeAnswer get(const std::string& path) { return raw(httpText("GET", path)); }
  ProbeAnswer post(const std::string& path, const std::string& body = {}) { return raw(httpText("POST", path, body)); }
  ProbeAnswer del(const std::string& path) { return raw(httpText("DELETE", path)); }
  ProbeAnswer raw(const std::string& bytes) { return exchange(connectUnix(options_.socketPath), bytes); }
  ProbeAnswer tcp(const std::string& path, const std::string& token, const std::string& method = "GET") {
    const std::string header = token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
    return exchange(connectTcp(server_->tcpPort()), httpText(method, path, method == "POST" ? "{}" : "", header));
  }

  std::string folder_;
  AdminOptions options_;
  FakeGatewayPort port_;
  std::unique_ptr<AdminServer> server_;
};

}  // namespace gw::admin
