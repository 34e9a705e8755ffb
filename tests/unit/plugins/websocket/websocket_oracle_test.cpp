// The decoder beside wslay: the same random streams, whole and broken, must give the same messages and
// the same end. And random bytes, which must give nothing but an orderly failure.

#include <gtest/gtest.h>
#include <wslay/wslay.h>

#include <cstring>
#include <memory>
#include <random>

#include "client_frames.h"

namespace gw::websocket::test {
namespace {

using Log = std::vector<std::string>;

// wslay as a server that reads one stream.
class Oracle {
 public:
  explicit Oracle(uint64_t maxMessage) {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = receive;
    callbacks.on_msg_recv_callback = onMessage;
    wslay_event_context_server_init(&context_, &callbacks, this);
    wslay_event_config_set_max_recv_msg_length(context_, maxMessage);
  }
  ~Oracle() { wslay_event_context_free(context_); }
  Oracle(const Oracle&) = delete;

  Log read(std::string_view stream) {
    stream_ = stream;
    const int result = wslay_event_recv(context_);
    uint16_t sent = queuedCloseCode();
    // A close frame without FIN is answered there by an empty close; RFC 6455 §5.5 calls it an error.
    if (sent == 1005 && !closeReceived_) sent = 1002;
    if (result != 0 || (sent != 0 && !closeReceived_)) log_.push_back("fail:" + std::to_string(sent));
    return log_;
  }

 private:
  static ssize_t receive(wslay_event_context_ptr context, uint8_t* out, size_t size, int, void* self) {
    auto& oracle = *static_cast<Oracle*>(self);
    const size_t count = std::min(size, oracle.stream_.size());
    if (count == 0) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    std::memcpy(out, oracle.stream_.data(), count);
    oracle.stream_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  static void onMessage(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message, void* self) {
    auto& oracle = *static_cast<Oracle*>(self);
    const std::string payload(reinterpret_cast<const char*>(message->msg), message->msg_length);
    if (message->opcode == WSLAY_TEXT_FRAME) oracle.log_.push_back("text:" + payload);
    if (message->opcode == WSLAY_BINARY_FRAME) oracle.log_.push_back("binary:" + payload);
    if (message->opcode != WSLAY_CONNECTION_CLOSE) return;
    oracle.closeReceived_ = true;
    const uint16_t code = message->status_code == 0 ? uint16_t{1005} : message->status_code;
    oracle.log_.push_back("close:" + std::to_string(code) + ":" + (payload.size() > 2 ? payload.substr(2) : ""));
  }
  // What wslay would send: written out by asking it to send everything.
  uint16_t queuedCloseCode() {
    wslay_event_callbacks callbacks{};
    callbacks.recv_callback = receive;
    callbacks.on_msg_recv_callback = onMessage;
    callbacks.send_callback = [](wslay_event_context_ptr, const uint8_t*, size_t size, int, void*) {
      return static_cast<ssize_t>(size);
    };
    wslay_event_config_set_callbacks(context_, &callbacks);
    wslay_event_send(context_);
    return wslay_event_get_close_sent(context_) != 0 ? wslay_event_get_status_code_sent(context_) : uint16_t{0};
  }

  wslay_event_context_ptr context_ = nullptr;
  std::string_view stream_;
  Log log_;
  bool closeReceived_ = false;
};

class StreamMaker {
 public:
  explicit StreamMaker(uint32_t seed) : random_(seed) {}

  std::string make() {
    std::string stream;
    for (int i = pick(1, 8); i > 0; --i) stream += message();
    if (chance(30)) stream += clientFrame(Opcode::kClose, closing());
    if (chance(40)) damage(stream);
    return stream;
  }
  size_t cut(size_t size) { return static_cast<size_t>(pick(0, static_cast<int>(size))); }

 private:
  int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  std::string text() {
    static const std::string_view kParts[] = {"a", "Zeile\n", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "{}", ""};
    std::string out;
    for (int i = pick(0, 40); i > 0; --i) out += kParts[static_cast<size_t>(pick(0, 6))];
    if (chance(10)) out += std::string(static_cast<size_t>(pick(100, 700)), 'L');
    if (chance(6)) out += static_cast<char>(pick(0x80, 0xFF));
    return out;
  }
  std::string closing() {
    if (chance(20)) return {};
    const int codes[] = {1000, 1001, 1004, 1005, 1011, 3000, 4004, 5000, 0};
    return closePayload(static_cast<uint16_t>(codes[static_cast<size_t>(pick(0, 8))]), chance(50) ? "bye" : "\xC3\xA4");
  }
  Mask mask() {
    Mask mask;
    for (uint8_t& byte : mask) byte = static_cast<uint8_t>(pick(0, 255));
    return mask;
  }
  std::string message() {
    const Opcode opcode = chance(70) ? Opcode::kText : Opcode::kBinary;
    const std::string payload = text();
    std::string out;
    size_t at = 0;
    for (bool isFirst = true, isLast = false; !isLast; isFirst = false) {
      const size_t count = chance(60) ? payload.size() - at : cut(payload.size() - at);
      isLast = at + count == payload.size() && chance(80);
      out += clientFrame(isFirst ? opcode : Opcode::kContinuation, payload.substr(at, count), isLast, mask());
      if (chance(20)) out += clientFrame(chance(50) ? Opcode::kPing : Opcode::kPong, "beat", true, mask());
      at += count;
    }
    return out;
  }
  void damage(std::string& stream) {
    const size_t at = cut(stream.size() - 1);
    stream[at] = static_cast<char>(static_cast<uint8_t>(stream[at]) ^ (1u << pick(0, 7)));
  }

  std::mt19937 random_;
};

TEST(WebSocketOracle, AgreesWithWslayOnRandomStreams) {
  constexpr uint32_t kMaxMessage = 600;
  int failures = 0, closes = 0, early = 0;
  for (uint32_t seed = 1; seed <= 8000; ++seed) {
    StreamMaker maker(seed);
    const std::string stream = maker.make();
    Log expected = Oracle(kMaxMessage).read(stream);
    const Log whole = logOf(stream, {}, kMaxMessage);
    if (whole != expected) {
      // We judge a header before it is complete; wslay must come to the same once it has the rest of it.
      expected = Oracle(kMaxMessage).read(stream + std::string(16, '\0'));
      ++early;
    }
    ASSERT_EQ(whole, expected) << "seed " << seed;
    ASSERT_EQ(logOf(stream, {maker.cut(stream.size())}, kMaxMessage), expected) << "seed " << seed;
    if (seed % 20 == 0) {
      ASSERT_EQ(logOf(stream, everyByte(stream.size()), kMaxMessage), expected) << "seed " << seed;
    }
    if (!expected.empty() && expected.back().starts_with("fail")) ++failures;
    if (!expected.empty() && expected.back().starts_with("close")) ++closes;
  }
  // The streams are worth comparing only if all ends occur.
  EXPECT_GT(failures, 500);
  EXPECT_GT(closes, 200);
  EXPECT_LT(early, failures / 20);
}

TEST(WebSocketOracle, EndsOrdinaryOnRandomBytes) {
  std::mt19937 random(4711);
  for (int round = 0; round < 2000; ++round) {
    std::string rubbish(static_cast<size_t>(random() % 300), '\0');
    for (char& byte : rubbish) byte = static_cast<char>(random());
    Peer peer(1 << 16);
    for (size_t at = 0; at < rubbish.size(); at += 7) peer.feed(std::string_view(rubbish).substr(at, 7));
    EXPECT_LE(peer.decoder.heldBytes(), 300u);
    for (const std::string& line : peer.events.log) {
      if (!line.starts_with("fail")) continue;
      EXPECT_EQ(line, peer.events.log.back());
    }
  }
}

}  // namespace
}  // namespace gw::websocket::test
