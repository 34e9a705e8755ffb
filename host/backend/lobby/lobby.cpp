#include "backend/lobby/lobby.h"

#include <pthread.h>

#include <utility>

#include "backend/lobby/accounts.h"
#include "backend/lobby/commands.h"
#include "backend/lobby/world.h"
#include "base/log.h"

namespace gw::lobby {

using session::BackendCapabilities;
using session::Character;
using session::Credentials;
using session::Identity;
using session::NewCharacter;
using session::PlayingSession;
using session::Reply;

namespace {

// Between two looks at the gateway's credit.
constexpr size_t kCallsPerCredit = 32;

constexpr char kDefaultWelcome[] =
    "Welcome to Gatehouse.\n"
    "This is the lobby: a place to meet and talk.";

BackendCapabilities capabilitiesOf(const LobbyOptions& options) {
  BackendCapabilities capabilities;
  capabilities.characters = true;
  capabilities.registration = options.registration;
  capabilities.guests = options.guests;
  capabilities.tokens = true;
  capabilities.welcome = options.welcome.empty() ? kDefaultWelcome : options.welcome;
  return capabilities;
}

}  // namespace

struct Lobby::Core {
  Core(const LobbyOptions& options, session::BackendSink& sink, store::StoreWorkers& workers, PasswordHasher& hasher,
       const Clock& clock, Post post)
      : store(workers, post),
        accounts(options, store, post, hasher, timers, clock),
        settings(store, options.ignoredPerUser),
        world(options, sink, settings, timers, clock),
        commands(options, world, store, sink) {}

  Timers timers;
  StoreCalls store;
  Accounts accounts;
  SettingsStore settings;
  World world;
  Commands commands;
};

Lobby::Lobby(LobbyOptions options, session::BackendSink& sink, store::StoreWorkers& workers, PasswordHasher& hasher,
             const Clock& clock)
    : sink_(sink),
      clock_(clock),
      inbox_(std::make_shared<Inbox>(options.inboxCommands, options.inboxBytes, options.inboxLogins)),
      core_(std::make_unique<Core>(options, sink, workers, hasher, clock,
                                   [inbox = inbox_](Task task) { inbox->post(std::move(task)); })),
      capabilities_(capabilitiesOf(options)),
      thread_([this] { run(); }) {}

Lobby::~Lobby() { stop(); }

void Lobby::stop() {
  std::call_once(stopped_, [this] {
    inbox_->close();
    thread_.join();
  });
}

void Lobby::run() {
  pthread_setname_np(pthread_self(), "gw-lobby");
  Inbox::Batch batch;
  while (true) {
    const uint64_t due = core_->timers.nextDueNs();
    const uint64_t now = clock_.nowNs();
    const uint64_t wait = due == Timers::kNever ? UINT64_MAX : (due > now ? due - now : 0);
    if (!inbox_->take(batch, wait)) return;
    size_t untilCredit = 0;
    for (Call& call : batch.calls) {
      if (untilCredit-- == 0) {
        if (!hasCredit()) return;
        untilCredit = kCallsPerCredit;
      }
      handle(call);
    }
    answerRefused(batch);
    core_->timers.runDue(clock_.nowNs());
    publishFigures();
  }
}

bool Lobby::hasCredit() {
  while (sink_.isCongested()) {
    ++pauses_;
    sink_.whenUncongested([inbox = inbox_] { inbox->giveCredit(); });
    if (!inbox_->awaitCredit()) return false;
  }
  return true;
}

void Lobby::handle(Call& call) {
  switch (call.kind) {
    case Call::Kind::kTask:
      call.task();
      return;
    case Call::Kind::kPrivateCommand:
      // The lobby never asks for one: what arrives here was typed at a prompt that is gone.
      if (Player* player = core_->world.find(call.session)) {
        core_->world.note(*player, "That came too late and was thrown away.");
      }
      return;
    case Call::Kind::kCommand:
      break;
  }
  ++commands_;
  sink_.beginUnit();
  if (Player* player = core_->world.find(call.session)) core_->commands.run(*player, call.text);
  // Also if nobody is there any more: the gateway must not keep it for ever.
  sink_.acknowledge(call.session, call.seq);
  sink_.endUnit();
}

void Lobby::answerRefused(const Inbox::Batch& batch) {
  for (const auto& [session, lines] : batch.refused) {
    if (Player* player = core_->world.find(session)) {
      const std::string count =
          lines.count == 1 ? "Your last line was" : "Your last " + std::to_string(lines.count) + " lines were";
      core_->world.complain(*player, "Too much is going on. " + count + " not heard.");
    }
    sink_.acknowledge(session, lines.lastSeq);
  }
}

void Lobby::publishFigures() {
  const std::lock_guard lock(shown_);
  figures_.players = core_->world.size();
  figures_.commands = commands_;
  figures_.pauses = pauses_;
  figures_.failedLogins = core_->accounts.failedLogins();
  figures_.throttledLogins = core_->accounts.throttledLogins();
  figures_.refusedGuests = core_->accounts.refusedGuests();
  figures_.evictedThrottles = core_->accounts.evictedThrottles();
}

LobbyFigures Lobby::figures() const {
  LobbyFigures figures;
  {
    const std::lock_guard lock(shown_);
    figures = figures_;
  }
  figures.refusedCommands = inbox_->refusedCommands();
  figures.refusedLogins = inbox_->refusedLogins();
  return figures;
}

BackendCapabilities Lobby::capabilities() const {
  const std::lock_guard lock(shown_);
  return capabilities_;
}

void Lobby::configure(LobbyOptions options) {
  {
    const std::lock_guard lock(shown_);
    capabilities_ = capabilitiesOf(options);
  }
  inbox_->post([this, options = std::move(options)] { core_->accounts.configure(options); });
}

void Lobby::mute(std::string userId, int64_t untilUs) {
  inbox_->post([this, userId = std::move(userId), untilUs] { core_->world.mute(userId, untilUs); });
}

template <typename T, typename Ask>
void Lobby::login(Reply<T> reply, Ask ask) {
  if (!inbox_->admitLogin()) {
    // Only the refusal waits, not what was asked; it is answered on the lobby's thread as promised.
    return inbox_->enqueue([reply = std::move(reply)]() mutable {
      Error busy = fail(ErrorCode::kRateLimited, "Too many people are coming in at once. Try again in a moment.");
      busy.retryAfterMs = 1000;
      reply(std::move(busy));
    });
  }
  Reply<T> counted = [inbox = inbox_, reply = std::move(reply)](Result<T> result) mutable {
    inbox->loginDone();
    reply(std::move(result));
  };
  inbox_->enqueue([ask = std::move(ask), counted = std::move(counted)]() mutable { ask(std::move(counted)); });
}

void Lobby::authenticate(Credentials credentials, Reply<Identity> reply) {
  login<Identity>(std::move(reply), [this, credentials = std::move(credentials)](Reply<Identity> counted) mutable {
    core_->accounts.authenticate(std::move(credentials), std::move(counted));
  });
}

void Lobby::registerUser(Credentials credentials, Reply<Identity> reply) {
  login<Identity>(std::move(reply), [this, credentials = std::move(credentials)](Reply<Identity> counted) mutable {
    core_->accounts.registerUser(std::move(credentials), std::move(counted));
  });
}

void Lobby::guest(Credentials credentials, Reply<Identity> reply) {
  login<Identity>(std::move(reply), [this, limitKey = std::move(credentials.limitKey)](Reply<Identity> counted) {
    core_->accounts.guest(limitKey, std::move(counted));
  });
}

void Lobby::signInByToken(session::TokenCredentials credentials, Reply<session::TokenSignIn> reply) {
  login<session::TokenSignIn>(
      std::move(reply), [this, credentials = std::move(credentials)](Reply<session::TokenSignIn> counted) mutable {
        core_->accounts.signInByToken(std::move(credentials), std::move(counted));
      });
}

void Lobby::issueToken(std::string userId, Reply<std::string> reply) {
  login<std::string>(std::move(reply), [this, userId = std::move(userId)](Reply<std::string> counted) mutable {
    core_->accounts.issueToken(userId, std::move(counted));
  });
}

void Lobby::listCharacters(std::string userId, Reply<std::vector<Character>> reply) {
  login<std::vector<Character>>(std::move(reply),
                                [this, userId = std::move(userId)](Reply<std::vector<Character>> counted) mutable {
                                  core_->accounts.listCharacters(userId, std::move(counted));
                                });
}

void Lobby::createCharacter(std::string userId, NewCharacter wanted, Reply<Character> reply) {
  login<Character>(std::move(reply),
                   [this, userId = std::move(userId), wanted = std::move(wanted)](Reply<Character> counted) mutable {
                     core_->accounts.createCharacter(userId, std::move(wanted), std::move(counted));
                   });
}

void Lobby::selectCharacter(std::string userId, std::string idOrName, Reply<Character> reply) {
  login<Character>(std::move(reply), [this, userId = std::move(userId),
                                      idOrName = std::move(idOrName)](Reply<Character> counted) mutable {
    core_->accounts.selectCharacter(userId, std::move(idOrName), std::move(counted));
  });
}

void Lobby::entered(PlayingSession session) {
  inbox_->enqueue([this, session = std::move(session)]() mutable { core_->world.entered(std::move(session)); });
}

void Lobby::left(SessionId session, std::string) {
  inbox_->enqueue([this, session] { core_->world.left(session); });
}

void Lobby::disconnected(SessionId session, std::string) {
  inbox_->enqueue([this, session] { core_->world.setAway(session, true); });
}

void Lobby::reconnected(SessionId session) {
  inbox_->enqueue([this, session] { core_->world.setAway(session, false); });
}

void Lobby::command(SessionId session, uint64_t seq, std::string text) {
  inbox_->command(session, seq, std::move(text));
}

void Lobby::privateCommand(SessionId session, std::string text) { inbox_->privateCommand(session, std::move(text)); }

void Lobby::push() { inbox_->wakeConsumer(); }

}  // namespace gw::lobby
