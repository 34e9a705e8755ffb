#include "session/login_flow.h"

#include <algorithm>
#include <cctype>

#include "plugin/stream.h"
#include "session/session_manager.h"

namespace gw::session {
namespace {

constexpr int kMaxFailures = 5;

std::string trimmed(const std::string& line) {
  const size_t first = line.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t") - first + 1);
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
  ask(Step::kName, "Name: ");
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
    return manager_.login(*attachment_.session, LoginKind::kGuest, {{}, {}, peer.ip, peer.limitKey()},
                          [stream = attachment_.stream.id(), &manager = manager_](Session&, Result<Identity> result) {
                            Attachment* back = manager.attachmentOf(stream);
                            if (back && back->login) back->login->authenticated(std::move(result));
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
                 [stream = attachment_.stream.id(), &manager = manager_](Session&, Result<Identity> result) {
                   Attachment* back = manager.attachmentOf(stream);
                   if (back && back->login) back->login->authenticated(std::move(result));
                 });
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
  manager_.listCharacters(*attachment_.session,
                          [stream = attachment_.stream.id(), &manager = manager_](Session&, auto list) {
                            Attachment* back = manager.attachmentOf(stream);
                            if (back && back->login) back->login->listed(std::move(list));
                          });
  kick();
}

void LoginFlow::listed(Result<std::vector<Character>> result) {
  if (!result) {
    say(result.error().message);
    return manager_.close(*attachment_.session, GW_CLOSE_INTERNAL, "Please try again later.");
  }
  characters_ = std::move(*result);
  if (characters_.size() == 1) return onCharacter(characters_.front().name);
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
        [stream = attachment_.stream.id(), &manager = manager_](Session&, Result<Character> made) {
          Attachment* back = manager.attachmentOf(stream);
          if (back && back->login) back->login->created(std::move(made));
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
