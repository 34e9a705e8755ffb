#include "http_channel.h"

#include <charconv>
#include <chrono>

namespace {

using gw::sdk::EventView;
using gw::sdk::header;
using gw::sdk::HostConn;
using gw::sdk::HttpResult;
using gw::sdk::Request;
using gw::sdk::RequestView;

constexpr std::string_view kEvents = "/pinned-http/events";
constexpr std::string_view kRpc = "/pinned-http/rpc";
constexpr uint64_t kBindToken = 1;
constexpr uint64_t kCallToken = 2;
constexpr uint64_t kOnlyClass = 1;  // bodies depend on nothing here: one class for all streams
constexpr uint32_t kHeartbeatTimer = 0;
constexpr std::chrono::seconds kHeartbeat{15};

/// The last event that a client has seen.
struct Position {
  uint64_t epoch = 0;
  uint64_t seq = 0;
};

/// Reads "after=EPOCH.SEQ"; from the beginning if it says anything else.
Position positionOf(std::string_view query) {
  constexpr std::string_view kName = "after=";
  if (!query.starts_with(kName)) return {};
  const char* const end = query.data() + query.size();
  Position at;
  const auto epoch = std::from_chars(query.data() + kName.size(), end, at.epoch);
  if (epoch.ec != std::errc{} || epoch.ptr == end || *epoch.ptr != '.') return {};
  const auto seq = std::from_chars(epoch.ptr + 1, end, at.seq);
  return seq.ec == std::errc{} && seq.ptr == end ? at : Position{};
}

std::string_view bearerOf(const RequestView& view) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = view.header("authorization");
  return value.starts_with(kScheme) ? value.substr(kScheme.size()) : std::string_view{};
}

void replyJson(const Request& request, uint32_t status, std::string_view body) {
  const gw_header headers[] = {header("Content-Type", "application/json"), header("Cache-Control", "no-store")};
  request.reply(status, headers, body);
}

HttpResult refuse(const Request& request, uint32_t status, std::string_view why) {
  replyJson(request, status, "{\"error\":\"" + std::string(why) + "\"}");
  return HttpResult::responded();
}

/// What becomes of a request that was handed to the host.
HttpResult settle(const Request& request, gw_status status) {
  if (status == GW_OK) return HttpResult::deferred();
  if (status == GW_E_LIMIT) return refuse(request, 429, "too many requests");
  if (status == GW_E_AGAIN) return refuse(request, 503, "not now; try again");
  return refuse(request, 400, "the request could not be read");
}

class EventStream : public gw::sdk::Stream {
 public:
  using Stream::Stream;

  /// A new stream. Its session is known already: the request was bound to it.
  void start() {
    setClass();
    conn().timerSet(kHeartbeatTimer, kHeartbeat);
  }
  /// A stream that comes from another generation of this plugin. Its timer comes along by itself.
  void restore(gw::sdk::StateReader& in) {
    fields(*this, in);
    setClass();
  }
  gw::sdk::MoveAnswer quiesce() override { return gw::sdk::MoveAnswer::ready(); }
  void save(gw::sdk::StateWriter& out) const override { fields(*this, out); }

  void onTimer(uint32_t id, uint64_t /*nowNs*/) override {
    if (id != kHeartbeatTimer) return;
    // A client that does not read needs no more bytes; the host ends it when it stalls for too long.
    if (!isOutputFull_) isOutputFull_ = conn().send("\n") == GW_E_AGAIN;
    conn().timerSet(kHeartbeatTimer, kHeartbeat);
  }
  void onWritable() override { isOutputFull_ = false; }

  void onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) override {
    conn().send("{\"closed\":" + std::to_string(info.code) + (info.retry != 0 ? ",\"retry\":true}\n" : "}\n"));
    conn().close(info.code);
  }

  gw_status wrap(const EventView& /*event*/, uint64_t epoch, uint64_t seq, size_t /*bodyLength*/,
                 gw::sdk::Wrap& out) override {
    std::string head = "{";
    if (seq != 0) head += "\"epoch\":" + std::to_string(epoch) + ",\"seq\":" + std::to_string(seq) + ",";
    return out.head(head) ? GW_OK : GW_E_INTERNAL;
  }

 private:
  /// All that a stream remembers. A new member that matters is a new tag here.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.flag(1, "isOutputFull", self.isOutputFull_);
  }
  void setClass() { conn().setClass(kOnlyClass, 0, "json-lines"); }

  bool isOutputFull_ = false;
};

}  // namespace

HttpChannel::HttpChannel(gw::sdk::HostInst inst, std::string_view /*options*/) : Channel(inst) {}

std::vector<gw::sdk::Route> HttpChannel::routes() const {
  return {{"GET", kEvents, 0, GW_ROUTE_CORS}, {"POST", kRpc, kMaxRpcBody, GW_ROUTE_CORS}};
}

HttpResult HttpChannel::onRequest(Request request, const RequestView& view, uint64_t /*nowNs*/) {
  const std::string_view bearer = bearerOf(view);
  if (view.path() == kRpc) {
    // Whatever else a page may send without asking (a form, text/plain) is not taken.
    if (!view.header("content-type").starts_with("application/json"))
      return refuse(request, 415, "Content-Type must be application/json");
    if (view.body().empty()) return refuse(request, 400, "the body must be one req frame of gateway.v1");
    return settle(request, request.frame(bearer, view.body(), kCallToken));
  }
  if (bearer.empty()) return refuse(request, 401, "send Authorization: Bearer and an access token");
  const Position after = positionOf(view.query());
  return settle(request, request.bind(GW_BIND_BEARER, bearer, after.epoch, after.seq, kBindToken));
}

void HttpChannel::onRequestEvent(Request request, uint64_t token, const gw_request_answer& answer) {
  if (token == kBindToken && answer.status == GW_OK) {
    const gw_header headers[] = {header("Content-Type", "application/x-ndjson"), header("Cache-Control", "no-store")};
    request.accept(GW_ACCEPT_STREAM, headers);
    return;
  }
  replyJson(request, answer.http_status, gw::sdk::view(answer.body_h));
}

std::unique_ptr<gw::sdk::Stream> HttpChannel::open(HostConn conn, const gw_open_info& /*info*/, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<EventStream>(conn);
  stream->start();
  return stream;
}

std::unique_ptr<gw::sdk::Stream> HttpChannel::restore(HostConn conn, const gw_open_info& /*info*/,
                                                      gw::sdk::StateReader& in, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<EventStream>(conn);
  stream->restore(in);
  return stream;
}

gw_status HttpChannel::encode(std::string_view /*classDescription*/, const EventView& event,
                              gw::sdk::Builder& out) const {
  std::string body = "\"event\":\"" + std::string(event.name()) + "\",\"payload\":";
  body += event.payload().empty() ? "{}" : event.payload();
  // One object is one line: a line end outside of a JSON string means no more than a space, and inside there is none.
  for (char& c : body)
    if (c == '\n' || c == '\r') c = ' ';
  return out.append(body + "}\n");
}
