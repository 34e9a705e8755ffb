#pragma once
// A websocket account on a FakeHost, and connections of each subprotocol.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "client_frames.h"
#include "gw/plugin.hpp"
#include "testing/fake_host.h"
#include "websocket_channel.h"

namespace gw::websocket::test {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using gw::testing::FakeRequest;
using gw::testing::Headers;
using gw::testing::OpenOptions;

class WebSocketChannelTest : public ::testing::Test {
 protected:
  explicit WebSocketChannelTest(std::string_view options = "{}")
      : host_(sdk::pluginTable<WebSocketChannel>(), options) {}

  std::unique_ptr<FakeConn> connect(std::string_view subprotocol = kGatewayV1Name) {
    OpenOptions options;
    options.subprotocol = subprotocol;
    return host_.open(options);
  }
  std::unique_ptr<FakeConn> connectTerminal() {
    auto conn = connect(kTerminalName);
    conn->answerHello();
    return conn;
  }

  FakeHost host_;
};

inline std::string text(std::string_view payload) { return serverFrame(Opcode::kText, payload); }
inline std::string binary(std::string_view payload) { return serverFrame(Opcode::kBinary, payload); }

}  // namespace gw::websocket::test
