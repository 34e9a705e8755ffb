// http: requests of every route, sane and odd.
#include <set>

#include "conform/check.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

using testing::FakeHost;
using testing::FakeRequest;
using Route = FakeHost::RouteRecord;

constexpr int kRandomRequests = 40;  // for each route
constexpr int kMostAnswers = 8;

struct Answer {
  gw_status status;
  uint32_t httpStatus;
  const char* body;
  const char* setCookie;
};
constexpr Answer kAnswers[] = {{GW_OK, 200, R"({"type":"res","id":"1","ok":true})", "a=b; Path=/"},
                               {GW_OK, 204, "", ""},
                               {GW_E_INVALID, 401, R"({"code":"UNAUTHORIZED"})", ""},
                               {GW_E_LIMIT, 429, "", ""},
                               {GW_E_INTERNAL, 503, "{}", ""}};

void expectSane(const std::vector<Route>& routes) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const Route& route : routes) {
    const std::string name = route.method + " " + route.path;
    bool isUpper = !route.method.empty();
    for (const char c : route.method) isUpper = isUpper && c >= 'A' && c <= 'Z';
    if (!isUpper) throw Failure{"route " + inQuotes(name) + ": a method is in capitals"};
    if (route.path.empty() || route.path.front() != '/')
      throw Failure{"route " + inQuotes(name) + ": a path begins with /"};
    if ((route.flags & ~uint32_t{GW_ROUTE_CORS}) != 0) throw Failure{"route " + name + ": unknown or reserved flags"};
    if (!seen.emplace(route.method, route.path).second) throw Failure{"route " + name + " is there twice"};
  }
}

std::string noise(std::mt19937_64& random, size_t most) {
  std::string out(random() % (most + 1), '\0');
  for (char& c : out) c = static_cast<char>(0x20 + random() % 0x5f);
  return out;
}

/// Once it has ended no answer is owed any more; until then one follows another.
void playToItsEnd(FakeHost& host, FakeRequest& request, const Answer& answer, const std::string& name) {
  for (int i = 0; i < kMostAnswers && request.result == GW_HTTP_DEFER && !request.reply && !request.accept; ++i)
    request.answer(answer.status, answer.httpStatus, answer.body, answer.setCookie);
  const bool isRefused = request.result == GW_HTTP_REJECT || request.result < 0;
  if (!isRefused && !request.reply && !request.accept)
    throw Failure{name + ": after the answer " + std::to_string(answer.httpStatus) +
                  " it is neither replied to nor accepted"};
  if (request.reply && (request.reply->status < 200 || request.reply->status > 599))
    throw Failure{name + ": the reply's status is " + std::to_string(request.reply->status)};
  if (!request.accept) return;
  if (request.accept->mode != GW_ACCEPT_UPGRADE && request.accept->mode != GW_ACCEPT_STREAM)
    throw Failure{name + ": accepted in a mode that is no GW_ACCEPT_*"};
  const auto conn = request.openStream();
  if (conn != nullptr) conn->closed();
  host.advance(1);
}

void tryRoute(Context& context, FakeHost& host, const Route& route) {
  const testing::Headers plain;
  const testing::Headers usual{{"authorization", "Bearer conformance"},
                               {"content-type", "application/json"},
                               {"upgrade", "websocket"},
                               {"connection", "keep-alive, Upgrade"},
                               {"sec-websocket-version", "13"},
                               {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                               {"cookie", "a=b; c=d"},
                               {"last-event-id", "1.2"}};
  const std::string name = route.method + " " + route.path;
  const std::string body = route.maxBodyBytes > 0 ? R"({"type":"req","id":"1","method":"connect","params":{}})" : "";
  for (const Answer& answer : kAnswers) {
    for (const testing::Headers* headers : {&plain, &usual}) {
      context.step(name + (headers == &plain ? " without headers" : "") + ", answered " +
                   std::to_string(answer.httpStatus));
      const auto request = host.request(route.method, route.path, "attach=x&lastEventId=1.2", *headers, body);
      playToItsEnd(host, *request, answer, name);
    }
  }
  std::mt19937_64 random = context.random();
  for (int i = 0; i < kRandomRequests; ++i) {
    context.step(name + " at random, number " + std::to_string(i));
    testing::Headers headers;
    for (const auto& [header, value] : usual)
      if (random() % 4 != 0) headers.emplace_back(header, random() % 3 == 0 ? noise(random, 300) : value);
    const std::string given = random() % 2 == 0 ? body : noise(random, std::min<size_t>(route.maxBodyBytes, 4096));
    const auto request = host.request(route.method, route.path, noise(random, 300), headers, given);
    playToItsEnd(host, *request, kAnswers[random() % std::size(kAnswers)], name);
  }
}

}  // namespace

void checkHttp(Context& context) {
  if (tableOf<gw_http_ext>(context.plugin(), GW_EXT_HTTP) == nullptr) throw Skip{"the plugin offers no " GW_EXT_HTTP};
  Trial trial(context.plugin(), context.order().options);
  const std::vector<Route> routes = trial.host().routes();
  expectSane(routes);
  for (const Route& route : routes) tryRoute(context, trial.host(), route);
  trial.finish();
}

}  // namespace gw::conform
