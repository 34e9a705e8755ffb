// conversation, endings, unknown: the life of a stream.
#include "conform/check.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

using testing::FakeConn;
using testing::FakeHost;

constexpr size_t kMostPlaces = 40;  // of a conversation, each with every ending

struct Ending {
  const char* name;
  void (*act)(FakeHost&, FakeConn&);
};

constexpr Ending kEndings[] = {
    {"closed at once", [](FakeHost&, FakeConn& conn) { conn.closed(GW_CLOSE_LOST); }},
    {"close_begin, then closed", [](FakeHost&, FakeConn& conn) { conn.closeBegin(GW_CLOSE_SHUTDOWN, "Bye."); }},
    {"close_begin without a text, for a reason that does not exist",
     [](FakeHost&, FakeConn& conn) { conn.closeBegin(4999); }},
    {"close_begin, and the grace passes",
     [](FakeHost& host, FakeConn& conn) {
       conn.closeBegin(GW_CLOSE_IDLE, std::string(600, 'x'), 1000);
       host.advance(60'000);
     }},
    {"the peer ends its half, then closed",
     [](FakeHost& host, FakeConn& conn) {
       conn.eof();
       host.advance(60'000);
     }},
    {"the peer ends its half, then close_begin",
     [](FakeHost&, FakeConn& conn) {
       conn.eof();
       conn.closeBegin(GW_CLOSE_SHUTDOWN, "Bye.");
     }},
    {"a full queue, writable, then closed",
     [](FakeHost& host, FakeConn& conn) {
       conn.sendResult = GW_E_AGAIN;
       conn.deliver(testing::FakeEvent::line("One line too many."));
       host.advance(60'000);
       conn.sendResult = GW_OK;
       conn.writable();
     }},
};

/// Ends at once, during whatever is pending: the host's answers have not come yet.
void endBeforeTheHello(Context& context, FakeHost& host, const Conversation& conversation) {
  context.step(conversation.name + ": closed during hello");
  {
    Visit visit(host, conversation, Visit::Opening::kUnanswered);
    visit.conn().receive("early\r\n");
  }
  context.step(conversation.name + ": the hello is refused");
  {
    Visit visit(host, conversation, Visit::Opening::kUnanswered);
    visit.conn().answerHello(GW_E_INVALID, R"({"code":"UNAUTHORIZED","message":"no"})");
    visit.conn().closeBegin(GW_CLOSE_AUTH_FAILED, "No.");
  }
}

void endAt(FakeHost& host, const Conversation& conversation, size_t step, const Ending& ending) {
  Visit visit(host, conversation);
  for (size_t i = 0; i < step; ++i) visit.take(conversation.steps[i], {});
  ending.act(host, visit.conn());
}

}  // namespace

void checkConversations(Context& context) {
  bool isAnyOpen = false;
  for (const Conversation& conversation : context.conversations()) {
    context.step(conversation.name);
    Trial trial(context.plugin(), context.optionsOf(conversation));
    {
      Visit visit(trial.host(), conversation);
      if (!visit.isOpen() && !conversation.isGuessed)
        throw Failure{conversation.name + ": no stream: " + visit.refusal()};
      if (!visit.isOpen()) continue;
      isAnyOpen = true;
      visit.run({});
      const FakeConn& conn = visit.conn();
      if (conn.hellos().empty() && conn.inputs().empty() && conn.frames().empty() && conn.sent().empty())
        throw Failure{conversation.name + ": nothing came of it: no hello, no input, no frame, no byte"};
      visit.end();
    }
    trial.finish();
  }
  if (!isAnyOpen) throw Skip{"none is known for this plugin; write one (--conversation)"};
}

void checkEndings(Context& context) {
  for (const Conversation& conversation : context.streams()) {
    Trial trial(context.plugin(), context.optionsOf(conversation));
    endBeforeTheHello(context, trial.host(), conversation);
    for (const size_t step : placesAmong(conversation.steps.size(), kMostPlaces, context.order().seed)) {
      for (const Ending& ending : kEndings) {
        context.step(conversation.name + ": before step " + std::to_string(step + 1) + ": " + ending.name);
        endAt(trial.host(), conversation, step, ending);
      }
    }
    trial.finish();
  }
}

void checkUnknown(Context& context) {
  constexpr uint32_t kUnheardOf = 4711;
  for (const Conversation& conversation : context.streams()) {
    const std::string& options = context.optionsOf(conversation);
    const Transcript expected = converse(context.plugin(), options, conversation, {});
    context.step(conversation.name + ": with notices and logins of unknown kinds");
    Visit::Manner manner;
    manner.before = [](Visit& visit, size_t) {
      visit.conn().notice(kUnheardOf, 1, 2);
      testing::FakeLogin login;
      login.kind = kUnheardOf;
      visit.conn().login(login);
    };
    const Transcript got = converse(context.plugin(), options, conversation, manner);
    if (const std::string why = differenceOf(expected, got); !why.empty())
      throw Failure{conversation.name + ": a notice or a login of an unknown kind is not ignored: " + why};
  }
}

}  // namespace gw::conform
