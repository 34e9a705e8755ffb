#include "session/login_flow.h"

#include <algorithm>
#include <cctype>

#include "plugin/stream.h"
#include "session/session_manager.h"
#include "session/text/sanitize.h"

namespace gw::session {
namespace {

constexpr int kMaxFailures = 5;

std::string trimmed(const std::string& line) {
  const size_t first = line.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

std::string_view textOf(gw_slice slice) {
  return slice.len ? std::string_view(slice.ptr, slice.len) : std::string_view();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

LoginFlow::LoginFlow(SessionManager& manager, Attachment& attachment) : manager_(manager), attachment_(attachment) {}

void LoginFlow::say(std::string text) {
  plugin::Event event;
  event.text = std::move(text);
  Session::emitPrivate(attachment_, std::move(event));
}

void LoginFlow::ask(Step step, std::string prompt, bool hidden) {
  step_ = step;
  plugin::Event event;
  event.kind = plugin::EventKind::kPrompt;
  event.name = "prompt";
  event.text = std::move(prompt);
  event.flags = hidden ? GW_EVENT_ECHO_OFF : GW_EVENT_ECHO_ON;
  echoIsOff_ = hidden;
  Session::emitPrivate(attachment_, std::move(event));
}

void LoginFlow::start() {
  const BackendCapabilities offers = manager_.services().backend->capabilities();
  // Screen readers get no banner art, only what must be known.
  if (!(attachment_.caps & GW_CAP_SCREEN_READER) && !offers.welcome.empty()) say(offers.welcome);
  std::string hint = "Type your name";
  if (offers.registration) hint += ", \"new\" to register";
  if (offers.guests) hint += ", \"guest\" to look around";
  say(hint + ".");
  askName();
}

void LoginFlow::askName() {
  isNew_ = false;
  isSignIn_ = false;
  ask(Step::kName, "Name: ");
  attachment_.stream.tellLogin({GW_LOGIN_OPEN});  // last: it may sign in at once
}

void LoginFlow::onLine(std::string line) {
  switch (step_) {
    case Step::kName:
      return onName(trimmed(line));
    case Step::kNewName:
      return onNewName(trimmed(line));
    case Step::kPassword:
      return onPassword(std::move(line));
    case Step::kNewPassword:
      return onNewPassword(std::move(line));
    case Step::kRepeatPassword:
      return onRepeatedPassword(std::move(line));
    case Step::kCharacter:
    case Step::kNewCharacter:
      return onCharacter(trimmed(line));
    case Step::kWaiting:
      return;
  }
}

void LoginFlow::onName(const std::string& name) {
  const std::string word = lower(name);
  const BackendCapabilities offers = manager_.services().backend->capabilities();
  if (word.empty()) return askName();
  if (word == "quit" || word == "exit") return manager_.close(*attachment_.session, GW_CLOSE_NORMAL, "Goodbye.");
  if (word == "new" && offers.registration)
    return ask(Step::kNewName, "Choose a name (3 to 20 letters, digits, - or _): ");
  if (word == "guest" && offers.guests) {
    step_ = Step::kWaiting;
    const auto& peer = attachment_.stream.peer();
    return manager_.login(
        *attachment_.session, LoginKind::kGuest, {{}, {}, peer.ip, peer.limitKey()},
        [stream = attachment_.stream.id(), &manager = manager_](Session* here, Result<Identity> result) {
          Attachment* back = manager.attachmentOf(stream);
          if (here && back && back->login) back->login->authenticated(std::move(result));
        });
  }
  if (word.starts_with("reconnect ")) {
    step_ = Step::kWaiting;
    afterWait_ = Step::kName;
    return manager_.resumeByCode(attachment_, name.substr(10));
  }
  name_ = name;
  ask(Step::kPassword, "Password: ", true);
}

void LoginFlow::onNewName(const std::string& name) {
  if (name.empty()) return askName();
  name_ = name;
  isNew_ = true;
  ask(Step::kNewPassword, "Choose a password (at least 8 characters): ", true);
}

void LoginFlow::onPassword(std::string password) { submitCredentials(false, std::move(password)); }

void LoginFlow::onNewPassword(std::string password) {
  firstPassword_ = std::move(password);
  ask(Step::kRepeatPassword, "The same password again: ", true);
}

void LoginFlow::onRepeatedPassword(std::string password) {
  if (password != firstPassword_) {
    firstPassword_.clear();
    say("The two passwords differ.");
    return ask(Step::kNewPassword, "Choose a password (at least 8 characters): ", true);
  }
  firstPassword_.clear();
  submitCredentials(true, std::move(password));
}

void LoginFlow::submitCredentials(bool isNew, std::string password) {
  step_ = Step::kWaiting;
  const auto& peer = attachment_.stream.peer();
  manager_.login(*attachment_.session, isNew ? LoginKind::kRegister : LoginKind::kPassword,
                 {name_, std::move(password), peer.ip, peer.limitKey()},
                 [stream = attachment_.stream.id(), &manager = manager_](Session* here, Result<Identity> result) {
                   Attachment* back = manager.attachmentOf(stream);
                   if (here && back && back->login) back->login->authenticated(std::move(result));
                 });
}

gw_status LoginFlow::onSignIn(const gw_sign_in& wish) {
  if (attachment_.session->state() != State::kAuthenticating) return GW_E_STATE;
  clientWantsToken_ = (wish.flags & GW_SIGN_IN_WANTS_TOKEN) != 0;
  if (wish.kind == GW_SIGN_IN_BY_HAND) return GW_OK;
  if (isWaiting()) return GW_E_AGAIN;
  if (manager_.refusedForMs(*attachment_.session, &attachment_) > 0) return GW_E_LIMIT;
  attachment_.session->lastInputNs = manager_.nowNs();
  std::string name = trimmed(sanitizeInput(textOf(wish.account_p)));
  std::string secret = sanitizeInput(textOf(wish.secret_p));
  firstPassword_.clear();  // of a registration that is given up
  isSignIn_ = true;
  isNew_ = false;
  if (wish.kind == GW_SIGN_IN_TOKEN) {
    signInByToken(std::move(name), std::move(secret));
  } else {
    name_ = std::move(name);
    submitCredentials(false, std::move(secret));
  }
  return GW_OK;
}

void LoginFlow::signInByToken(std::string name, std::string token) {
  step_ = Step::kWaiting;
  // All are issued for TLS alone; shown in the clear one is as good as stolen, and not even looked up.
  if (!attachment_.stream.isTls()) {
    return authenticated(
        fail(ErrorCode::kUnauthorized, "A kept sign-in is taken over TLS only.", "invalidCredentials"));
  }
  const auto& peer = attachment_.stream.peer();
  manager_.loginByToken(
      *attachment_.session, {std::move(name), std::move(token), wantsToken(), peer.ip, peer.limitKey()},
      [stream = attachment_.stream.id(), &manager = manager_](Session* here, Result<TokenSignIn> result) {
        Attachment* back = manager.attachmentOf(stream);
        if (here && back && back->login) back->login->authenticatedByToken(std::move(result));
      });
}

void LoginFlow::authenticatedByToken(Result<TokenSignIn> result) {
  if (!result) return authenticated(result.error());
  nextToken_ = std::move(result->nextToken);
  authenticated(std::move(result->user));
}

/// Over TLS only: whoever reads along would come in with it.
bool LoginFlow::wantsToken() const { return clientWantsToken_ && attachment_.stream.isTls(); }

/// What the client that signed in by a message is told, beside the sentence that its person reads.
void LoginFlow::tellVerdict(const Error& error) {
  const bool isWrong = error.code == ErrorCode::kUnauthorized || error.code == ErrorCode::kForbidden ||
                       error.code == ErrorCode::kInvalid;
  const uint32_t kind = isWrong ? static_cast<uint32_t>(GW_LOGIN_REFUSED) : static_cast<uint32_t>(GW_LOGIN_UNDECIDED);
  attachment_.stream.tellLogin({kind, {}, error.message, {}});
}

/// A token first, if one is due: later the stream may have moved to another loop.
void LoginFlow::offerToken() {
  const bool isDue =
      wantsToken() && !attachment_.session->user.isGuest && manager_.services().backend->capabilities().tokens;
  if (!nextToken_.empty() || !isDue) return tellToken(std::exchange(nextToken_, {}));
  manager_.issueToken(*attachment_.session, [stream = attachment_.stream.id(), &manager = manager_](
                                                Session* here, Result<std::string> token) {
    Attachment* back = manager.attachmentOf(stream);
    if (here && back && back->login) back->login->tellToken(token ? std::move(*token) : std::string());
  });
}

void LoginFlow::tellToken(std::string token) {
  if (!token.empty())
    attachment_.stream.tellLogin({GW_LOGIN_TOKEN, attachment_.session->user.userName, {}, std::move(token)});
  chooseCharacter();
}

void LoginFlow::refuse(const Error& error) {
  say(error.message);
  if (++failures_ >= kMaxFailures) {
    manager_.close(*attachment_.session, GW_CLOSE_AUTH_FAILED, "Too many attempts. Goodbye.");
  }
}

void LoginFlow::authenticated(Result<Identity> result) {
  if (!result) {
    const bool wasNew = isNew_;
    if (isSignIn_) tellVerdict(result.error());
    refuse(result.error());
    if (!attachment_.session) return;
    return wasNew ? ask(Step::kNewName, "Choose a name (3 to 20 letters, digits, - or _): ") : askName();
  }
  // Whoever typed a password sees what they type again.
  if (echoIsOff_) {
    plugin::Event event;
    event.kind = plugin::EventKind::kText;
    event.flags = GW_EVENT_ECHO_ON;
    event.text = "Welcome, " + result->userName + ".";
    echoIsOff_ = false;
    Session::emitPrivate(attachment_, std::move(event));
  } else {
    say("Welcome, " + result->userName + ".");
  }
  step_ = Step::kWaiting;
  attachment_.stream.tellLogin({GW_LOGIN_SIGNED_IN, result->userName, "Welcome, " + result->userName + ".", {}});
  offerToken();
}

void LoginFlow::chooseCharacter() {
  manager_.listCharacters(*attachment_.session,
                          [stream = attachment_.stream.id(), &manager = manager_](Session* here, auto list) {
                            Attachment* back = manager.attachmentOf(stream);
                            if (here && back && back->login) back->login->listed(std::move(list));
                          });
  kick();
}

void LoginFlow::listed(Result<std::vector<Character>> result) {
  if (!result) {
    say(result.error().message);
    return manager_.close(*attachment_.session, GW_CLOSE_INTERNAL, "Please try again later.");
  }
  characters_ = std::move(*result);
  if (characters_.size() == 1) {
    const Character& only = characters_.front();
    return onCharacter(only.name.empty() ? only.id : only.name);
  }
  if (characters_.empty()) {
    ask(Step::kNewCharacter, "Name your character [" + attachment_.session->user.userName + "]: ");
    return kick();
  }
  std::string menu = "Your characters:";
  for (size_t i = 0; i < characters_.size(); ++i) menu += "\n  " + std::to_string(i + 1) + ". " + characters_[i].name;
  say(menu);
  ask(Step::kCharacter, "Which one (number or name, or \"new\")? ");
  kick();
}

void LoginFlow::onCharacter(const std::string& choice) {
  Session& session = *attachment_.session;
  if (step_ == Step::kCharacter && lower(choice) == "new") return ask(Step::kNewCharacter, "Name your character: ");
  if (step_ == Step::kNewCharacter) {
    const std::string name = choice.empty() ? session.user.userName : choice;
    step_ = Step::kWaiting;
    return manager_.createCharacter(
        session, {name, "{}"},
        [stream = attachment_.stream.id(), &manager = manager_](Session* here, Result<Character> made) {
          Attachment* back = manager.attachmentOf(stream);
          if (here && back && back->login) back->login->created(std::move(made));
        });
  }
  EnterRequest request;
  request.session = session.id();
  request.character = choice;
  const bool isNumber = !choice.empty() && choice.size() < 4 && std::all_of(choice.begin(), choice.end(), ::isdigit);
  if (isNumber) {
    const size_t index = static_cast<size_t>(std::stoul(choice));
    if (index >= 1 && index <= characters_.size()) request.character = characters_[index - 1].name;
  }
  if (request.character.empty()) return ask(Step::kCharacter, "Which one (number or name, or \"new\")? ");
  request.device = attachment_.device;
  request.caller = Caller{static_cast<size_t>(manager_.loop().index()), attachment_.stream.id(), 0, 0, {}};
  step_ = Step::kWaiting;
  afterWait_ = Step::kCharacter;
  manager_.enter(std::move(request));
}

void LoginFlow::created(Result<Character> result) {
  if (!result) {
    say(result.error().message);
    ask(Step::kNewCharacter, "Name your character: ");
    return kick();
  }
  characters_.push_back(*result);
  step_ = Step::kCharacter;
  onCharacter(result->name);
}

void LoginFlow::entered(const Error* error) {
  if (!error) return;
  if (afterWait_ == Step::kName) {
    refuse(*error);
    if (attachment_.session) askName();
  } else {
    say(error->message);
    ask(Step::kCharacter, "Which one (number or name, or \"new\")? ");
  }
  kick();
}

// Lines that were typed ahead waited in the connection: offer them again.
void LoginFlow::kick() { attachment_.stream.connection().kick(); }

}  // namespace gw::session
