// export, import, migrate, rehearse: gw.migrate/1.
#include <algorithm>
#include <set>

#include "conform/check.h"
#include "conform/visit.h"
#include "gw/slice.hpp"
#include "testing/plugin_call.h"

namespace gw::conform {
namespace {

using testing::FakeConn;
using testing::FakeGeneration;
using testing::FakeHost;
using testing::FakeMigration;
using Outcome = FakeMigration::Outcome;

constexpr size_t kMostPlaces = 400;  // of a conversation that are tried one by one
constexpr size_t kMostStates = 8;    // that are mangled
constexpr size_t kMostCuts = 128;    // of a state
constexpr size_t kMostFlips = 512;   // bits of a state
constexpr int kRandomStates = 64;    // of no state at all
constexpr const char* kNeverMoves = "no stream of these conversations ever moves: ";

gw_state_schema schemaOf(const gw_migrate_ext& migrate) {
  const gw_state_schema* schema = testing::callPlugin("schema", nullptr, migrate.schema);
  if (schema == nullptr) throw Failure{"gw.migrate/1: there is no schema"};
  return sdk::asWritten(*schema);
}

std::string placeName(const Conversation& conversation, size_t place) {
  return conversation.name + ": before byte or step " + std::to_string(place);
}

Visit::Manner byBytes(Visit::Before before) {
  Visit::Manner manner;
  manner.cut = Visit::Cut::kBytes;
  manner.before = std::move(before);
  return manner;
}

size_t placesOf(Context& context, const Conversation& conversation) {
  size_t count = 0;
  converse(context.plugin(), context.optionsOf(conversation), conversation, byBytes([&](Visit&, size_t) { ++count; }));
  return count;
}

/// How a conversation's connection is moved about.
class Mover {
 public:
  Mover(Context& context, const Conversation& conversation)
      : context_(context), conversation_(conversation), options_(context.optionsOf(conversation)) {
    expected_ = converse(context.plugin(), options_, conversation, byBytes(tidy));
  }

  enum class How { kOnce, kAlways, kGivenUpOnce, kGivenUpAlways };

  void expectUnseen(How how, size_t at) {
    const bool isAlways = how == How::kAlways || how == How::kGivenUpAlways;
    const std::string name =
        isAlways ? conversation_.name + ": before every byte and step" : placeName(conversation_, at);
    context_.step(name + (isGivenUp(how) ? " (given up)" : ""));
    const std::string why = differenceOf(expected_, run(how, at, name));
    if (!why.empty())
      throw Failure{name + (isGivenUp(how) ? ", a move that is given up is seen: " : ", a move is seen: ") + why};
  }
  bool hasMoved() const { return hasMoved_; }
  const std::string& stayed() const { return stayed_; }

 private:
  static bool isGivenUp(How how) { return how == How::kGivenUpOnce || how == How::kGivenUpAlways; }
  /// The host offers unread bytes again after a move, and may at any time.
  static void tidy(Visit& visit, size_t) { visit.conn().retry(); }

  Transcript run(How how, size_t at, const std::string& name) {
    Trial trial(context_.plugin(), options_);
    FakeGeneration* here = &trial.host().generation();
    FakeGeneration* there = &trial.host().load(context_.plugin(), options_);
    if (!there->ok()) throw Failure{"a second generation beside the first does not start: " + there->error()};
    Transcript seen;
    {
      Visit visit(trial.host(), conversation_);
      visit.run(byBytes([&](Visit& moving, size_t place) {
        tidy(moving, place);
        if ((how == How::kOnce || how == How::kGivenUpOnce) && place != at) return;
        const FakeMigration result =
            isGivenUp(how) ? trial.host().rehearse(moving.conn(), *there) : trial.host().migrate(moving.conn(), *there);
        if (result.outcome == Outcome::kFailed) throw Failure{name + ": the move failed: " + result.reason};
        if (result.outcome != Outcome::kMoved) {
          stayed_ = result.reason;
          return;
        }
        hasMoved_ = true;
        if (!isGivenUp(how)) std::swap(here, there);
      }));
      seen = visit.end();
    }
    trial.finish();
    return seen;
  }

  Context& context_;
  const Conversation& conversation_;
  const std::string options_;
  Transcript expected_;
  bool hasMoved_ = false;
  std::string stayed_;
};

/// One move before each byte and step, then all of them in one run.
void moveEverywhere(Context& context, Mover::How once, Mover::How always) {
  context.migrate();
  bool hasMoved = false;
  std::string why;
  for (const Conversation& conversation : context.streams()) {
    const size_t places = placesOf(context, conversation);
    Mover mover(context, conversation);
    for (const size_t place : placesAmong(places == 0 ? 0 : places - 1, kMostPlaces, context.order().seed))
      mover.expectUnseen(once, place);
    mover.expectUnseen(always, 0);
    hasMoved = hasMoved || mover.hasMoved();
    if (!mover.stayed().empty()) why = mover.stayed();
  }
  if (!hasMoved) throw Skip{kNeverMoves + (why.empty() ? std::string("no reason was given") : why)};
}

struct State {
  const Conversation* conversation;
  uint32_t version;
  std::string bytes;
};

testing::OpenOptions openingOf(const FakeConn& conn) { return conn.openOptions(); }

/// Writes the state in this version, reads it into a fresh connection, and writes that.
std::optional<State> roundTrip(Context& context, Visit& visit, uint32_t version, size_t place) {
  FakeHost& host = visit.host();
  const std::string name = placeName(visit.conversation(), place) + ", version " + std::to_string(version);
  const FakeMigration written = host.exportState(visit.conn(), version);
  if (written.outcome == Outcome::kFailed) throw Failure{name + ": the export failed: " + written.reason};
  if (written.outcome != Outcome::kMoved) return std::nullopt;
  if (version >= schemaOf(context.migrate()).min_import) {
    const auto copy = host.adopt(version, written.state, openingOf(visit.conn()));
    if (copy == nullptr) throw Failure{name + ": its own state is refused: " + host.error()};
    const FakeMigration again = host.exportState(*copy, version);
    if (again.outcome == Outcome::kMoved && again.state != written.state)
      throw Failure{name + ": exported " + inQuotes(written.state) + ", after the import " + inQuotes(again.state)};
  }
  return State{&visit.conversation(), version, written.state};
}

/// The states of all streams at every place, each once.
std::vector<State> statesOf(Context& context) {
  const gw_state_schema schema = schemaOf(context.migrate());
  std::vector<State> out;
  std::set<std::pair<uint32_t, std::string>> seen;
  for (const Conversation& conversation : context.streams()) {
    Trial trial(context.plugin(), context.optionsOf(conversation));
    {
      Visit visit(trial.host(), conversation);
      visit.run(byBytes([&](Visit& moving, size_t place) {
        for (uint32_t version = schema.max_export_down; version <= schema.version; ++version) {
          context.step(placeName(conversation, place) + ": export, import and export again");
          std::optional<State> state = roundTrip(context, moving, version, place);
          if (state.has_value() && seen.emplace(version, state->bytes).second) out.push_back(std::move(*state));
        }
      }));
      visit.end();
    }
    trial.finish();
  }
  return out;
}

/// A few of them: the shortest, the longest and some between, for every conversation.
std::vector<State> chosenOf(std::vector<State> states) {
  std::stable_sort(states.begin(), states.end(),
                   [](const State& a, const State& b) { return a.bytes.size() < b.bytes.size(); });
  if (states.size() <= kMostStates) return states;
  std::vector<State> out;
  for (size_t i = 0; i < kMostStates; ++i) out.push_back(states[i * (states.size() - 1) / (kMostStates - 1)]);
  return out;
}

/// Offers bytes as a state; what is made of them must be a connection like any other.
class Offers {
 public:
  Offers(Context& context, const State& state)
      : context_(context), state_(state), trial_(context.plugin(), context.optionsOf(*state.conversation)) {
    trial_.host().advance(3'600'000);  // later than any time in a state
    Visit visit(trial_.host(), *state.conversation);
    opening_ = visit.conn().openOptions();
    visit.end();
  }

  enum class Expect { kAnything, kRefusal };
  void offer(uint32_t version, const std::string& bytes, const std::string& what, Expect expect = Expect::kAnything) {
    context_.step(state_.conversation->name + ": import of " + what);
    const auto conn = trial_.host().adopt(version, bytes, opening_);
    if (conn == nullptr) {
      if (trial_.host().error().empty() || trial_.host().error() == "the import failed")
        throw Failure{"import_state refuses " + what + " without naming what is wrong"};
      return;
    }
    if (expect == Expect::kRefusal) throw Failure{"import_state takes " + what};
    use(*conn);
  }
  void finish() { trial_.finish(); }

 private:
  void use(FakeConn& conn) {
    conn.autoAnswerHello = true;
    for (const Step& step : state_.conversation->steps) {
      if (step.kind == Step::Kind::kSend) conn.receive(step.bytes);
      if (step.kind == Step::Kind::kText) conn.deliver(testing::FakeEvent::line(step.bytes), 1);
    }
    conn.deliver(testing::FakeEvent::prompt("> "));
    conn.deliver(testing::FakeEvent::line("It rains."), 2);
    conn.endTurn();
    conn.writable();
    trial_.host().advance(120'000);
    conn.closeBegin(GW_CLOSE_SHUTDOWN, "Until later.");
  }

  Context& context_;
  const State& state_;
  Trial trial_;
  testing::OpenOptions opening_;
};

void mangle(Context& context, const State& state, const gw_state_schema& schema, std::mt19937_64& random) {
  Offers offers(context, state);
  const uint64_t seed = context.order().seed;
  for (const uint32_t version : {0u, schema.version + 1, UINT32_MAX})
    offers.offer(version, state.bytes, "a state of version " + std::to_string(version), Offers::Expect::kRefusal);
  for (const size_t length : placesAmong(state.bytes.size(), kMostCuts, seed))
    offers.offer(state.version, state.bytes.substr(0, length),
                 "the first " + std::to_string(length) + " bytes of a state");
  if (!state.bytes.empty()) {
    for (const size_t bit : placesAmong(8 * state.bytes.size() - 1, kMostFlips, seed)) {
      std::string flipped = state.bytes;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      offers.offer(state.version, flipped, "a state with bit " + std::to_string(bit) + " flipped");
    }
  }
  for (int i = 0; i < kRandomStates; ++i) {
    std::string noise(random() % (2 * state.bytes.size() + 16), '\0');
    for (char& c : noise) c = static_cast<char>(random());
    for (uint32_t version = schema.min_import; version <= schema.version; ++version)
      offers.offer(version, noise, std::to_string(noise.size()) + " bytes at random");
  }
  offers.offer(state.version, state.bytes + state.bytes, "a state, two times");
  offers.finish();
}

}  // namespace

void checkExport(Context& context) {
  if (statesOf(context).empty()) throw Skip{kNeverMoves + std::string("quiesce never answers READY")};
}

void checkImport(Context& context) {
  const gw_state_schema schema = schemaOf(context.migrate());
  const std::vector<State> states = chosenOf(statesOf(context));
  if (states.empty()) throw Skip{kNeverMoves + std::string("quiesce never answers READY")};
  std::mt19937_64 random = context.random();
  for (const State& state : states)
    if (state.version >= schema.min_import) mangle(context, state, schema, random);
}

void checkMigrate(Context& context) { moveEverywhere(context, Mover::How::kOnce, Mover::How::kAlways); }

void checkRehearse(Context& context) { moveEverywhere(context, Mover::How::kGivenUpOnce, Mover::How::kGivenUpAlways); }

}  // namespace gw::conform
